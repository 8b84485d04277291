/**
 * Keys of the incumbent that will work and do not yet. They are read and checked, and a value other than the default is
 * answered with a warning: an operator must not believe in a setting that nobody obeys. To make one work, obey it and
 * move its line to `working.ts`.
 */
import { pending, restrains } from './key.js';
import { bool, integer } from './kinds.js';

const natural = integer(0);

export const PENDING_KEYS = {
  InstanceBulkOperationsWaitTimeoutSeconds: pending(natural, 10),
  ApplyMySQLPromotionAfterMasterFailover: restrains(bool, true),
  PostponeSlaveRecoveryOnLagMinutes: pending(natural, 0),
  PostponeReplicaRecoveryOnLagMinutes: pending(natural, 0),
} as const;
