/**
 * What is still to be done when a recovery is over: the key-value stores name the new primary, then the lists of hooks, one
 * after the other. It comes after the closing, because until then the cluster can have no other recovery, and a hook that
 * takes its time must not keep a returning former primary from being fenced or the next dead one from being replaced.
 *
 * Each is a step like those before: its intent and what came of it are committed, and a new leader goes on with the first
 * that has no outcome. One that failed is not run again: these commands tell, they do not decide.
 */
import { listsAfter } from './hooks.js';
import { gaveWay } from '../interrupted.js';
import { hookStep } from '../playbooks/hooks.js';
import { recordOf } from '../record.js';
import type { Recovery } from '../recovery.js';
import type { NumberedStep, Step } from '../step.js';

/** In order; of an open recovery nothing, because its verdict decides. */
export function aftermathOf(recovery: Recovery): readonly Step[] {
  const { verdict, promotion, inputs } = recovery;
  // What gave way to a graver recovery is begun anew after that one, and its lists are run then.
  if (verdict === null || !wasAttempted(recovery) || gaveWay(recovery)) return [];
  const publish: readonly Step[] =
    inputs.publishes === true && promotion !== null && verdict.kind === 'succeeded'
      ? [{ kind: 'publish', server: promotion.server }]
      : [];
  return [...publish, ...listsAfter(recovery, verdict).map((list) => hookStep(recovery, list))];
}

/** One that was held back, or found to be impossible by looking, is no failure that hooks are told of. */
function wasAttempted({ steps }: Recovery): boolean {
  return steps.some(({ step }) => step.kind !== 'look' && !isAftermath(step));
}

/** Null when it is over. A step whose outcome is not known is taken again under its number. */
export function nextOfAftermath(recovery: Recovery): NumberedStep | null {
  for (const step of aftermathOf(recovery)) {
    const record = recordOf(recovery, step);
    if (record === undefined) {
      const highest = recovery.steps.reduce((number, one) => Math.max(number, one.number), 0);
      return { number: highest + 1, attempt: 1, step };
    }
    if (record.outcome === null) return { number: record.number, attempt: record.attempt + 1, step };
  }
  return null;
}

/** May be intended after its recovery was closed. */
export function isAftermath({ kind }: Step): boolean {
  return kind === 'hooks' || kind === 'publish';
}
