/**
 * What an older program wrote, in the words of this one. A server that was recorded before a fact was known about servers
 * has that fact's empty value; the next probe fills it in. Nothing is taken away and nothing is read another way, so that
 * a log that was begun by the first version ends in the same state on every node that can read it.
 */
import { type Channel, PLAIN_TRANSPORT, type SemiSync, type Server, type ServerFacts } from '../topology/server.js';
import type { Command } from './command.js';
import type { Cluster } from './state.js';

const SEMI_SYNC: SemiSync = {
  sourceAvailable: false,
  replicaAvailable: false,
  sourceEnabled: false,
  replicaEnabled: false,
  sourceActive: false,
  replicaActive: false,
  timeoutMs: 0,
  waitCount: 0,
  waitNoReplica: false,
  waitPoint: 'unknown',
  sourcePluginIsNew: false,
  replicaPluginIsNew: false,
};

/** Every fact stands here: a new one cannot be added without saying what older records have of it. */
const FACTS: ServerFacts = {
  serverNumber: 0,
  version: { text: '', major: 0, minor: 0, patch: 0 },
  versionComment: '',
  flavor: 'unknown',
  hostname: '',
  reportHost: '',
  readOnly: false,
  superReadOnly: false,
  offlineMode: false,
  binlogEnabled: false,
  binlogFormat: '',
  binlogRowImage: '',
  logReplicaUpdates: false,
  gtidMode: '',
  channels: [],
  semiSync: SEMI_SYNC,
  group: null,
  clone: null,
  isBinlogServer: false,
  givesReplicationAccount: false,
  dataCenter: '',
  region: '',
  environment: '',
  alias: '',
  promotionRule: 'neutral',
  semiSyncPriority: 0,
  suggestedClusterAlias: '',
  suggestedClusterDomain: '',
  blindSpots: [],
};

const TRANSPORT: Pick<Channel, 'transport'> = { transport: PLAIN_TRANSPORT };
const CLUSTER: Pick<Cluster, 'formerNames' | 'alias' | 'domain'> = { formerNames: [], alias: '', domain: '' };

/** What is there stays in its order, and is the same object where nothing lacks: snapshots are compared by their bytes. */
function completed<T extends object>(record: T, standard: Partial<T>): T {
  const missing = Object.entries(standard).filter(([key]) => !Object.hasOwn(record, key));
  return missing.length === 0 ? record : { ...record, ...Object.fromEntries(missing) };
}

export function completeFacts(facts: ServerFacts): ServerFacts {
  const whole = completed(facts, FACTS);
  const semiSync = completed(whole.semiSync, SEMI_SYNC);
  const channels = whole.channels.map((channel) => completed(channel, TRANSPORT));
  return { ...whole, channels, semiSync };
}

export function completeServer(server: Server): Server {
  return { ...server, facts: completeFacts(server.facts) };
}

/** The first version had no suggestions: an alias was always somebody's word. */
export function completeCluster(cluster: Cluster): Cluster {
  const whole = completed(cluster, CLUSTER);
  return completed(whole, { aliasIsManual: whole.alias !== '' });
}

export function completeCommand(command: Command): Command {
  if (command.kind !== 'topology-observed') return command;
  return { ...command, servers: command.servers.map((one) => ({ ...one, facts: completeFacts(one.facts) })) };
}
