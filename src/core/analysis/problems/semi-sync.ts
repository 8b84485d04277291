/** Commits that wait for acknowledgements which do not come: the server answers every probe, and its clients hang. */
import type { Evidence } from '../evidence.js';
import type { Rule } from '../rule.js';

export const SEMI_SYNC: readonly Rule[] = [
  {
    code: 'LockedSemiSyncMaster',
    sentence: "Semi sync master is locked since it doesn't get enough replica acknowledgements",
    severity: 'critical',
    reaction: 'repair-semi-sync',
    matches: (evidence) => lacksAcknowledgers(evidence) && hasStoodStill(evidence),
  },
  {
    code: 'LockedSemiSyncMasterHypothesis',
    sentence: 'Semi sync master seems to be locked, more samplings needed to validate',
    severity: 'notice',
    reaction: 'examine',
    matches: lacksAcknowledgers,
  },
  {
    code: 'MasterWithTooManySemiSyncReplicas',
    sentence: 'Semi sync master has more semi sync replicas than configured',
    severity: 'notice',
    reaction: 'repair-semi-sync',
    matches: (evidence) =>
      evidence.settings.enforceExactSemiSyncReplicas &&
      waitsForReplicas(evidence) &&
      evidence.semiSyncClients > evidence.facts.semiSync.waitCount,
  },
];

function waitsForReplicas({ isPrimary, reach, facts }: Evidence): boolean {
  const { sourceEnabled, sourceActive, waitCount } = facts.semiSync;
  return isPrimary && reach === 'reachable' && sourceEnabled && sourceActive && waitCount > 0;
}

function lacksAcknowledgers(evidence: Evidence): boolean {
  return waitsForReplicas(evidence) && evidence.semiSyncClients < evidence.facts.semiSync.waitCount;
}

function hasStoodStill({ binlogStillMs, settings }: Evidence): boolean {
  return binlogStillMs !== null && binlogStillMs > settings.lockedSemiSyncMs;
}
