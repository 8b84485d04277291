// What it costs a node to look through a thousand servers once: evidence folded, rules asked, for each of them.
import { diagnose, structureWarnings } from '../../../src/core/analysis/diagnose.js';
import { foldEvidence } from '../../../src/core/analysis/evidence.js';
import type { EvidenceSources } from '../../../src/core/analysis/evidence-sources.js';
import { linkServers } from '../../../src/core/analysis/links.js';
import type { GoodProbe, Sight } from '../../../src/core/analysis/sight.js';
import type { ClusterId, Server, ServerFacts, ServerId } from '../../../src/core/topology/server.js';
import { channelTo, factsWith } from './facts.js';
import { spreadOf, type Spread } from '../statistics.js';

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
export function measureThousand(): Spread {
  const servers = new Map<ServerId, Server>();
  const clusters = new Map<ClusterId, { readonly primary: ServerId }>();
  const sights = new Map<ServerId, Sight>();
  for (let cluster = 0; cluster < CLUSTERS; cluster += 1) {
    const head = `db-${String(cluster)}-0`;
    const clusterId = `cluster-${String(cluster)}` as ClusterId;
    clusters.set(clusterId, { primary: head as ServerId });
    for (let member = 0; member < SERVERS_OF_EACH; member += 1) {
      const host = `db-${String(cluster)}-${String(member)}`;
      const server = believed(host, clusterId, factsWith(member === 0 ? [] : [channelTo(head)]));
      servers.set(server.id, server);
      sights.set(server.id, seen(server));
    }
  }
  const beliefs = { servers, clusters, demotions: new Map(), downtimes: new Map() };
  const sources: EvidenceSources = {
    beliefs,
    links: linkServers(beliefs),
    nowMs: 1000,
    settings: SETTINGS,
    sightOf: ({ id }) => sights.get(id) ?? null,
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

function believed(host: string, clusterId: ClusterId, facts: ServerFacts): Server {
  const address = { host, port: 3306 };
  return { id: host as ServerId, address, aliases: [], clusterId, facts, changedAtMs: 0, firstSeenAtMs: 0 };
}

function seen({ id, address, facts }: Server): Sight {
  const vitals = {
    semiSyncClients: 0,
    lagSeconds: facts.channels.length > 0 ? 0 : null,
    channels: [],
    executedGtids: '',
  };
  const last = { ok: true, startedAtMs: 990, finishedAtMs: 991, report: { id, address, facts, vitals } };
  return { last: last as unknown as GoodProbe, lastGood: last as unknown as GoodProbe };
}
