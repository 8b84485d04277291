/**
 * What an operator may ask to be switched on one server, and what of it stands in the record. A switch is a plan of its own,
 * small: intents and outcomes are committed, the server's barrier is taken, a new leader ends what the old one began. But it
 * is no recovery of its cluster: those of other servers go on beside it, and on its own server there is one plan at a time.
 */
import type { Step } from '../step.js';

/** By their names at the incumbent's, those of later years. */
export const SWITCH_COMMANDS = [
  'start-replica',
  'stop-replica',
  'stop-replica-nice',
  'restart-replica',
  'reset-replica',
  'skip-query',
  'enable-gtid',
  'disable-gtid',
  'delay-replication',
  'change-master-credentials',
  'enable-semi-sync-master',
  'disable-semi-sync-master',
  'enable-semi-sync-replica',
  'disable-semi-sync-replica',
  'set-read-only',
  'set-writeable',
  'flush-binary-logs',
  'purge-binary-logs',
  'kill-query',
  'gtid-errant-reset-master',
  'gtid-errant-inject-empty',
] as const;

export type SwitchCommand = (typeof SWITCH_COMMANDS)[number];

export interface SwitchTerms {
  readonly command: SwitchCommand;
  /** In order; what only the servers can say comes into it as they say it (playbooks/switch.ts). */
  readonly steps: readonly Step[];
  /** Whatever became of the steps once they had begun. */
  readonly afterwards: readonly Step[];
}
