// What it costs a node to look through a thousand servers once: evidence folded, rules asked, for each of them. The tools are
// built apart from the program and take its functions from where it was built.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT_ROOT } from '../../lab/project-root.js';
import { type Spread, spreadOf } from '../statistics.js';
import { channelTo, type Facts, factsWith } from './facts.js';

interface Server {
  readonly id: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly clusterId: string;
  readonly facts: Facts;
}

/** Of src/core/analysis, as far as it is called here. */
interface Analysis {
  linkServers(beliefs: object): object;
  foldEvidence(server: Server, sources: object): object;
  diagnose(evidence: object): unknown;
  structureWarnings(evidence: object): unknown;
}

async function loadAnalysis(): Promise<Analysis> {
  const names = ['links', 'evidence', 'diagnose'];
  const folder = join(PROJECT_ROOT, 'dist', 'core', 'analysis');
  const modules = await Promise.all(
    names.map((name) => import(pathToFileURL(join(folder, `${name}.js`)).href) as Promise<object>),
  );
  return Object.assign({}, ...modules) as Analysis;
}

const CLUSTERS = 100;
const SERVERS_OF_EACH = 10;
const ROUNDS = 200;
const WARM_UP = 100;

const SETTINGS = {
  reasonableLagSeconds: 10,
  staleSightMs: 30_000,
  lockedSemiSyncMs: 10_000,
  enforceExactSemiSyncReplicas: false,
  recoverNonWriteablePrimary: false,
};

/** Milliseconds for one look through all of them. */
export async function measureThousand(): Promise<Spread> {
  const { linkServers, foldEvidence, diagnose, structureWarnings } = await loadAnalysis();
  const servers = new Map<string, Server>();
  const clusters = new Map<string, { readonly primary: string }>();
  const sights = new Map<string, object>();
  for (let cluster = 0; cluster < CLUSTERS; cluster += 1) {
    const head = `db-${String(cluster)}-0`;
    const clusterId = `cluster-${String(cluster)}`;
    clusters.set(clusterId, { primary: head });
    for (let member = 0; member < SERVERS_OF_EACH; member += 1) {
      const host = `db-${String(cluster)}-${String(member)}`;
      const server = believed(host, clusterId, factsWith(member === 0 ? [] : [channelTo(head)]));
      servers.set(server.id, server);
      sights.set(server.id, seen(server));
    }
  }
  const beliefs = { servers, clusters, demotions: new Map(), downtimes: new Map() };
  const sources = {
    beliefs,
    links: linkServers(beliefs),
    nowMs: 1000,
    settings: SETTINGS,
    sightOf: ({ id }: Server) => sights.get(id) ?? null,
    judgementOf: () => null,
    ownOpinion: () => null,
    binlogStillMs: () => 0,
    errantGtids: () => '',
  };
  const taken: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    const beganMs = performance.now();
    for (const server of servers.values()) {
      const evidence = foldEvidence(server, sources);
      diagnose(evidence);
      structureWarnings(evidence);
    }
    if (round >= WARM_UP) taken.push(performance.now() - beganMs);
  }
  return spreadOf(taken);
}

function believed(host: string, clusterId: string, facts: Facts) {
  return { id: host, address: { host, port: 3306 }, aliases: [], clusterId, facts, changedAtMs: 0, firstSeenAtMs: 0 };
}

function seen({ id, address, facts }: Server): object {
  const lagSeconds = facts.channels.length > 0 ? 0 : null;
  const vitals = { semiSyncClients: 0, lagSeconds, channels: [], executedGtids: '' };
  const last = { ok: true, startedAtMs: 990, finishedAtMs: 991, report: { id, address, facts, vitals } };
  return { last, lastGood: last };
}
