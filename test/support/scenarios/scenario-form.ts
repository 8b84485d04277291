/**
 * The form of a scenario: a folder with a file that people write and read. An unknown key in one is an error, so that a
 * misspelt condition cannot pass for a met one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { SemiSync, ServerFacts } from '../../../src/core/topology/server.js';
import { factsOf } from '../facts.js';

export const channelSchema = z.strictObject({
  io: z.enum(['running', 'connecting', 'stopped']).default('running'),
  sql: z.enum(['running', 'stopped']).default('running'),
  error: z.number().optional(),
  sqlError: z.number().optional(),
  quietMs: z.number().nullable().default(100),
  position: z.number().default(157),
  lagSeconds: z.number().default(0),
});

const eventSchema = z.union([
  /** A probe by this node of any server. A replica is described by its channel. */
  z.strictObject({
    at: z.number(),
    probe: z.string(),
    result: z.union([z.literal('ok'), z.enum(['refused', 'silent', 'alive', 'none']), channelSchema]),
  }),
  z.strictObject({ at: z.number(), suspect: z.string(), canary: z.string().optional() }),
  z.strictObject({ at: z.number(), node: z.string(), votes: z.enum(['alive', 'refused', 'silent', 'none']) }),
  z.strictObject({ at: z.number(), canary: z.string() }),
  z.strictObject({ at: z.number(), pause: z.literal(true) }),
]);

/** What differs from a healthy server of MySQL 9.7. */
const factsSchema = z.strictObject({
  readOnly: z.boolean().optional(),
  binlog: z.boolean().optional(),
  logsUpdates: z.boolean().optional(),
  format: z.enum(['STATEMENT', 'MIXED', 'ROW']).optional(),
  version: z.string().optional(),
  gtidMode: z.string().optional(),
  autoPosition: z.boolean().default(true),
  binlogServer: z.boolean().default(false),
  group: z.enum(['ONLINE', 'OFFLINE']).optional(),
  /** Semi-sync as a source: enabled is one thing, status ON another. */
  semiSync: z.strictObject({ enabled: z.boolean(), active: z.boolean(), waitCount: z.number() }).optional(),
  semiSyncClients: z.number().default(0),
  /** How long its binary log has ended at the same place. */
  binlogStillMs: z.number().optional(),
  /** What it has and its source lacks. */
  errant: z.string().default(''),
});

/** What operators have said and set. */
const operatorsSchema = z.strictObject({
  downtime: z.array(z.string()).default([]),
  maintenance: z.array(z.string()).default([]),
  recoveries: z.enum(['enabled', 'disabled']).default('enabled'),
  covered: z.boolean().default(true),
  /** PrimaryRestartGraceSeconds of the cluster, in milliseconds. */
  graceMs: z.number().default(0),
  enforceExactSemiSyncReplicas: z.boolean().default(false),
  recoverNonWriteablePrimary: z.boolean().default(false),
});

const scenarioSchema = z.strictObject({
  /** Why this must be so. */
  because: z.string(),
  servers: z.record(z.string(), z.string().nullable()),
  /** Milliseconds between heartbeats, of all channels. */
  heartbeatMs: z.number().nullable().default(1000),
  delayed: z.array(z.string()).default([]),
  facts: z.record(z.string(), factsSchema).default({}),
  operators: operatorsSchema.default(operatorsSchema.parse({})),
  /** The data centre of the suspect, and what others there were heard to say. */
  site: z
    .strictObject({ name: z.string(), others: z.record(z.string(), z.enum(['something', 'nothing', 'unread'])) })
    .optional(),
  voters: z.array(z.string()).default(['n1', 'n2', 'n3']),
  events: z.array(eventSchema),
  now: z.number(),
  expect: z.strictObject({
    problems: z.record(z.string(), z.string()),
    structure: z.record(z.string(), z.array(z.string())).default({}),
    /** Servers whose problem calls for a recovery. */
    recovers: z.array(z.string()).default([]),
    /** The names of the reasons for which it is not done all the same. */
    refused: z.array(z.string()).default([]),
    says: z.array(z.string()).default([]),
  }),
});

export type Scenario = z.infer<typeof scenarioSchema>;
export type ScenarioEvent = z.infer<typeof eventSchema>;

export function loadScenarios(folder: string): readonly { readonly name: string; readonly scenario: Scenario }[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => {
      const text = readFileSync(join(folder, entry.name, 'scenario.json'), 'utf8');
      return { name: entry.name.replaceAll('-', ' '), scenario: scenarioSchema.parse(JSON.parse(text)) };
    });
}

/** As a probe would tell of it. */
export function factsAs(given: z.infer<typeof factsSchema>): Partial<ServerFacts> {
  const { readOnly, binlog, logsUpdates, format, version, gtidMode, binlogServer, group, semiSync } = given;
  return {
    ...(readOnly === undefined ? {} : { readOnly, superReadOnly: readOnly }),
    ...(binlog === undefined ? {} : { binlogEnabled: binlog }),
    ...(logsUpdates === undefined ? {} : { logReplicaUpdates: logsUpdates }),
    ...(format === undefined ? {} : { binlogFormat: format }),
    ...(gtidMode === undefined ? {} : { gtidMode }),
    ...(version === undefined ? {} : { version: versionAs(version) }),
    ...(binlogServer ? { isBinlogServer: true, versionComment: 'MariaDB MaxScale' } : {}),
    ...(group === undefined ? {} : { group: groupAs(group) }),
    ...(semiSync === undefined ? {} : { semiSync: semiSyncAs(semiSync) }),
  };
}

function versionAs(text: string): ServerFacts['version'] {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return { text, major, minor, patch };
}

function groupAs(state: 'ONLINE' | 'OFFLINE'): ServerFacts['group'] {
  return { name: 'a-group', singlePrimary: true, state, role: 'PRIMARY', others: [], primary: null };
}

function semiSyncAs({ enabled, active, waitCount }: NonNullable<z.infer<typeof factsSchema>['semiSync']>): SemiSync {
  const { semiSync } = factsOf();
  return { ...semiSync, sourceAvailable: true, sourceEnabled: enabled, sourceActive: active, waitCount };
}
