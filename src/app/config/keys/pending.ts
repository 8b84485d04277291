/**
 * Keys of the incumbent that will work and do not yet. They are read and checked, and a value other than the default is
 * answered with a warning: an operator must not believe in a setting that nobody obeys. To make one work, obey it and
 * move its line to `working.ts`.
 */
import { restrains } from './key.js';
import { bool } from './kinds.js';

export const PENDING_KEYS = {
  ApplyMySQLPromotionAfterMasterFailover: restrains(bool, true),
} as const;
