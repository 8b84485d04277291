/**
 * The kinds of plans whose leader is struck: what has to be so before, what makes the plan begin, and what brings the
 * servers back for the next round. A new kind is one more entry; its points are found by playing it once undisturbed.
 */
import { FAILOVERS } from './kinds/failovers.js';
import { GROUPS } from './kinds/groups.js';
import { MOVES } from './kinds/moves.js';
import { REPAIRS } from './kinds/repairs.js';
import { RETURNS } from './kinds/returns.js';
import { SWITCHES } from './kinds/switches.js';
import type { PlanKind } from './plan-kind.js';

export const PLAN_KINDS: readonly PlanKind[] = [...FAILOVERS, ...REPAIRS, ...RETURNS, ...MOVES, ...SWITCHES, ...GROUPS];

/** What has to be configured for all of them to begin. */
export const PLAN_CONFIG = {
  RecoverIntermediateMasterClusterFilters: ['*'],
  RecoverNonWriteableMaster: true,
  RecoverLockedSemiSyncMaster: true,
  ReasonableLockedSemiSyncMasterSeconds: 1,
  DetectSemiSyncEnforcedQuery: 'SELECT 1',
};
