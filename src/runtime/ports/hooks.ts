/** The operator's own commands, run by the node that leads. */
import type { HookEvent, HookList } from '../../core/recovery/telling/hook-terms.js';
import type { StepOutcome } from '../../core/recovery/step.js';

export interface HookOrder {
  readonly list: HookList;
  readonly event: HookEvent;
  /** Asked before each command; rejects with an OperationalError when this node may not act any more. */
  confirm(): Promise<void>;
  /** What runs is ended, and nothing more is begun. */
  readonly signal: AbortSignal;
}

export interface HookRunner {
  /** Lists that have commands on this node. */
  readonly configured: ReadonlySet<HookList>;
  /**
   * Runs the commands of the list, one after the other, each within its limit. Never rejects. Failed with `hook`: the first
   * command that failed is named; of a list that holds back, none was run after it. Failed with `authority`: not finished.
   */
  run(order: HookOrder): Promise<StepOutcome>;
}

export const NO_HOOKS: HookRunner = {
  configured: new Set(),
  run: () => Promise.resolve({ ok: true, findings: {} }),
};
