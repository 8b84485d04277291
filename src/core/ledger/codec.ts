/**
 * Commands as bytes. The first byte is the schema version; an entry of a version that this program does not know stops
 * it, because skipping an entry that others apply would make this node's state differ from theirs without a word.
 * Entries of older versions are read for ever: a log may begin with them. A command is written under the first version
 * that knows it, so that a node that has not been upgraded yet can go on reading all that was there before.
 */
import { assert } from '../base/assert.js';
import type { RecoveryKind } from '../recovery/recovery.js';
import type { StepKind } from '../recovery/step.js';
import type { Command } from './command.js';
import { completeCommand } from './upgrade.js';

export type SchemaVersion = 1 | 2 | 3;

/** Raise it with new commands, or when a command's meaning changes; every member must know it before the leader proposes one. */
export const SCHEMA_VERSION: SchemaVersion = 3;

export const SINCE: { readonly [Kind in Command['kind']]: SchemaVersion } = {
  'topology-observed': 1,
  'targets-added': 1,
  'server-forgotten': 1,
  'incident-opened': 1,
  'canary-used': 1,
  'incident-closed': 1,
  'recovery-opened': 1,
  'steps-intended': 1,
  'step-finished': 1,
  promoting: 1,
  'recovery-closed': 1,
  'recovery-acknowledged': 1,
  'demotion-changed': 1,
  'downtime-begun': 1,
  'downtime-ended': 1,
  'recoveries-switched': 1,
  'alias-set': 1,
  'node-announced': 1,
  noted: 1,
  'servers-forgotten': 2,
  'forgetting-lifted': 2,
  'servers-expired': 2,
  'silence-changed': 2,
  'servers-readdressed': 2,
  'identities-shared': 2,
  'candidate-registered': 2,
  'tag-put': 2,
  'tags-removed': 2,
  'pool-submitted': 2,
  'unresolve-registered': 2,
  'unresolve-removed': 2,
  'maintenance-begun': 2,
  'maintenance-ended': 2,
  'topologies-recorded': 2,
  'time-passed': 2,
  'brake-applied': 2,
  'brake-released': 2,
  'history-purged': 3,
  'recovery-cancelled': 3,
  'aftermath-intended': 3,
  'aftermath-finished': 3,
  'detection-intended': 3,
  'detection-finished': 3,
  'request-begun': 3,
  'request-finished': 3,
  'access-token-issued': 3,
  'access-token-acquired': 3,
};

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

const RECOVERIES_SINCE: Readonly<Record<RecoveryKind, SchemaVersion>> = {
  'dead-primary': 1,
  'graceful-takeover': 1,
  'former-primary': 1,
  'dead-co-primary': 3,
  'dead-intermediate': 3,
  'dead-group-member': 3,
  'read-only-primary': 3,
  'semi-sync': 3,
  'lost-replica': 3,
  'inject-empty': 3,
  'reset-gtids': 3,
  rebuild: 3,
  move: 3,
  switch: 3,
};

const STEPS_SINCE: Readonly<Record<StepKind, SchemaVersion>> = {
  look: 1,
  'stop-io': 1,
  'await-applied': 1,
  'await-received': 3,
  'run-until': 3,
  repoint: 1,
  'promise-promotion': 1,
  detach: 1,
  open: 1,
  close: 1,
  fence: 1,
  'restart-io': 1,
  locate: 3,
  acknowledge: 3,
  release: 3,
  hooks: 3,
  publish: 3,
  sever: 3,
  'start-replica': 3,
  reattach: 3,
  'inject-empty': 3,
  'keep-binary-logs': 3,
  'reset-gtids': 3,
  'prepare-clone': 3,
  clone: 3,
  switch: 3,
};

type Unstamp<T> = T extends unknown ? Omit<T, 'atMs'> : never;

/** A command without the leader's stamp. */
export type Unstamped = Unstamp<Command>;

/**
 * The first version whose programs can read the command and act upon what it leaves behind: a leader that knows no playbook
 * for a recovery, or cannot tell how far its servers have come, could not go on with it.
 */
export function schemaOf(command: Unstamped): SchemaVersion {
  if (command.kind === 'recovery-opened') {
    const { kind, inputs } = command.recovery;
    const isNewer =
      inputs.fencesFirst === true ||
      inputs.leavesClosed === true ||
      inputs.participants.some(({ countsBy, channel }) => countsBy !== undefined || channel !== undefined);
    return latest(RECOVERIES_SINCE[kind], isNewer ? 3 : 1);
  }
  if (command.kind !== 'steps-intended') return SINCE[command.kind];
  return command.steps.reduce<SchemaVersion>((since, { step }) => latest(since, STEPS_SINCE[step.kind]), 1);
}

function latest(one: SchemaVersion, other: SchemaVersion): SchemaVersion {
  return one > other ? one : other;
}

export function encodeCommand(command: Command): Uint8Array {
  const json = encoder.encode(JSON.stringify(command));
  const bytes = new Uint8Array(json.length + 1);
  bytes[0] = schemaOf(command);
  bytes.set(json, 1);
  return bytes;
}

export function decodeCommand(bytes: Uint8Array): Command {
  const version = bytes[0] ?? 0;
  assert(
    version >= 1 && version <= SCHEMA_VERSION,
    `the log holds an entry of schema version ${String(version)} and this program knows up to ${String(SCHEMA_VERSION)}: run the newer program on this node`,
  );
  return completeCommand(JSON.parse(decoder.decode(bytes.subarray(1))) as Command);
}
