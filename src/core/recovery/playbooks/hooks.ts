/**
 * How a playbook weaves in an operator's commands: it asks here first, and goes on when the answer is null.
 *
 *     const held = hooksBefore(recovery);
 *     if (held !== null) return held;
 *
 * A playbook that looks at its servers before it changes them looks first, so that a plan that will not be carried out runs
 * no hook. A command that fails ends the recovery with nothing changed. What follows a recovery is no matter of playbooks:
 * aftermath.ts has it, for all kinds alike, after the recovery is closed. A new kind names its lists in hooks.ts.
 */
import { HOOK_KEYS, type HookList } from '../telling/hook-terms.js';
import { standingOf } from '../patience.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { closing, type Next, steps } from './next.js';

export function hookStep(recovery: Recovery, list: HookList): Step {
  return { kind: 'hooks', server: recovery.failed, list };
}

/** They were run when `hooksBefore` has no more to say. */
export function hasHooksBefore({ inputs }: Recovery): boolean {
  return (inputs.hooks?.before ?? []).length > 0;
}

export function hooksBefore(recovery: Recovery): Next | null {
  for (const list of recovery.inputs.hooks?.before ?? []) {
    const step = hookStep(recovery, list);
    const standing = standingOf(recovery, step);
    if (standing.kind === 'pending') return steps([step]);
    if (standing.kind === 'given-up') {
      return closing({ kind: 'undone', reason: `${HOOK_KEYS[list]} held it back: ${standing.error}` });
    }
  }
  return null;
}
