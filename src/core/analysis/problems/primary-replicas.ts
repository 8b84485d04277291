/** The head of a cluster is well and those below it are not. Nothing here is a reason to change the head. */
import type { Evidence } from '../evidence.js';
import { noneReplicates, type Rule } from '../rule.js';

export const PRIMARY_REPLICAS: readonly Rule[] = [
  {
    // The log says that it takes writes, and its own settings said otherwise when it was restarted.
    code: 'NoWriteableMasterStructureWarning',
    sentence: 'Master with replicas is read_only',
    severity: 'critical',
    reaction: 'reopen-primary',
    matches: (evidence) => isClosed(evidence) && evidence.closedByRestart,
  },
  {
    code: 'NoWriteableMasterStructureWarning',
    sentence: 'Master with replicas is read_only',
    severity: 'warning',
    reaction: 'open-primary',
    matches: (evidence) =>
      evidence.settings.recoverNonWriteablePrimary && isClosed(evidence) && evidence.replicas.replicating > 0,
  },
  {
    code: 'MasterSingleReplicaNotReplicating',
    sentence: 'Master is reachable but its single replica is not replicating',
    severity: 'warning',
    reaction: 'none',
    matches: (evidence) =>
      isWell(evidence) &&
      evidence.replicas.known === 1 &&
      evidence.replicas.valid === 1 &&
      evidence.replicas.replicating === 0,
  },
  {
    code: 'MasterSingleReplicaDead',
    sentence: 'Master is reachable but its single replica is dead',
    severity: 'warning',
    reaction: 'none',
    matches: (evidence) => isWell(evidence) && evidence.replicas.known === 1 && evidence.replicas.dead === 1,
  },
  {
    code: 'AllMasterReplicasNotReplicating',
    sentence: 'Master is reachable but none of its replicas is replicating',
    severity: 'warning',
    reaction: 'examine',
    matches: (evidence) =>
      isWell(evidence) &&
      evidence.replicas.known > 1 &&
      evidence.replicas.valid === evidence.replicas.known &&
      evidence.replicas.replicating === 0,
  },
  {
    code: 'AllMasterReplicasNotReplicatingOrDead',
    sentence: 'Master is reachable but none of its replicas is replicating',
    severity: 'warning',
    reaction: 'examine',
    matches: (evidence) =>
      isWell(evidence) &&
      evidence.replicas.known > 1 &&
      evidence.replicas.valid > 0 &&
      evidence.replicas.valid < evidence.replicas.known &&
      noneReplicates(evidence),
  },
];

/** A report of before it was opened says that it is closed; it would be opened a second time, for nothing. */
function isClosed(evidence: Evidence): boolean {
  return isWell(evidence) && evidence.isCurrent && evidence.facts.readOnly;
}

function isWell({ isPrimary, reach }: Evidence): boolean {
  return isPrimary && reach === 'reachable';
}
