/** Evidence for tests of rules: a healthy primary with two healthy replicas, to be changed where a test looks. */
import type { Judgement } from '../../src/core/analysis/corroborate.js';
import type { Evidence } from '../../src/core/analysis/evidence.js';
import type { ReplicaCounts } from '../../src/core/analysis/evidence-replicas.js';
import type { NodesVerdict } from '../../src/core/analysis/votes.js';
import type { ReplicaVote } from '../../src/core/analysis/vote.js';
import type { ClusterId, SemiSync, ServerFacts } from '../../src/core/topology/server.js';
import { addressOf, factsOf, serverId } from './facts.js';

export function countsOf(changes: Partial<ReplicaCounts> = {}): ReplicaCounts {
  const known = changes.known ?? 2;
  return {
    known,
    valid: known,
    dead: 0,
    unreadable: 0,
    replicating: known,
    failingToConnect: 0,
    lagging: 0,
    delayed: 0,
    logging: known,
    loggingFormats: new Set(['ROW']),
    loggingVersions: new Set(['9.7']),
    gtidModes: new Set(['ON']),
    autoPosition: known,
    errant: [],
    writable: [],
    ...changes,
  };
}

export interface EvidenceChanges extends Partial<Omit<Evidence, 'replicas' | 'facts' | 'settings'>> {
  readonly replicas?: Partial<ReplicaCounts>;
  readonly facts?: Partial<ServerFacts>;
  readonly semiSync?: Partial<SemiSync>;
  readonly settings?: Partial<Evidence['settings']>;
}

export function evidenceOf({ replicas, facts, semiSync, settings, ...changes }: EvidenceChanges = {}): Evidence {
  const base = factsOf(facts);
  const allFacts = { ...base, semiSync: { ...base.semiSync, ...semiSync } };
  return {
    server: {
      id: serverId('p'),
      address: addressOf('p'),
      aliases: [],
      clusterId: 'c1' as ClusterId,
      facts: allFacts,
      changedAtMs: 0,
      firstSeenAtMs: 0,
    },
    name: 'p:3306',
    facts: allFacts,
    isPrimary: true,
    isCoPrimary: false,
    wasCoPrimary: false,
    closedByRestart: false,
    isCurrent: true,
    isBinlogServer: false,
    isFirstTier: false,
    isFailingToConnect: false,
    reach: 'reachable',
    error: null,
    judgement: null,
    replicas: countsOf(replicas),
    openedApart: [],
    semiSyncClients: 0,
    binlogStillMs: null,
    settings: {
      reasonableLagSeconds: 10,
      staleSightMs: 30_000,
      lockedSemiSyncMs: 10_000,
      enforceExactSemiSyncReplicas: false,
      recoverNonWriteablePrimary: false,
      ...settings,
    },
    ...changes,
  };
}

export function judgementOf(
  verdict: Judgement['verdict'],
  changes: { readonly nodes?: NodesVerdict; readonly settled?: boolean; readonly votes?: readonly ReplicaVote[] } = {},
): Judgement {
  return {
    verdict,
    nodes: {
      verdict: changes.nodes ?? 'unreachable',
      voters: 3,
      majority: 2,
      refused: [],
      silent: [],
      alive: [],
      mute: [],
      dueAtMs: null,
      words: '',
    },
    replicas: (changes.votes ?? []).map((vote, number) => ({
      server: serverId(`r${String(number)}`),
      vote,
      why: '',
      disconnected: false,
      unnoticed: false,
      tellsAtMs: null,
    })),
    settled: changes.settled ?? true,
    missing: null,
    lack: null,
    blindness: null,
    dueAtMs: null,
    because: ['as judged'],
  };
}
