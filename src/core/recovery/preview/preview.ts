/**
 * What would be done, were everything to go well: the playbook is played on assumed outcomes and nothing is committed or
 * touched. The same `advance` decides as in earnest, so a plan that is shown is the plan that runs.
 */
import { assertNever } from '../../base/assert.js';
import type { ServerId } from '../../topology/server.js';
import { advance } from '../advance.js';
import { isAftermath } from '../telling/aftermath.js';
import type { Closing } from '../playbooks/next.js';
import { withIntents, withOutcome, withPromotion } from '../record.js';
import type { Recovery } from '../recovery.js';
import type { NumberedStep, Step, StepFindings, StepOutcome } from '../step.js';

/**
 * What the last look at a server said, by its places where they are asked for; null: it does not answer, and its steps are
 * taken to fail.
 */
export type Assumed = (server: ServerId, byPlace: boolean) => StepFindings | null;

export interface Preview {
  readonly steps: readonly Step[];
  readonly ending: Closing;
  /** As it would stand before it is closed. */
  readonly record: Recovery;
}

/** Far more than any plan has; a playbook that goes on for longer goes in circles. */
const ROUNDS_MAX = 1000;

export function preview(opening: Recovery, assumed: Assumed): Preview {
  const taken: Step[] = [];
  let recovery = opening;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const decision = advance(recovery, new Set());
    switch (decision.kind) {
      case 'run':
        taken.push(...decision.steps.map(({ step }) => step));
        recovery = play(recovery, decision.steps, assumed);
        break;
      case 'promise':
        taken.push(decision.step.step);
        recovery = withPromotion(play(recovery, [decision.step], assumed), decision.server, decision.epoch);
        break;
      case 'close':
        return { steps: taken, ending: decision, record: recovery };
      case 'wait':
        return { steps: taken, ending: endless('it would wait for a step that nobody takes'), record: recovery };
      default:
        assertNever(decision);
    }
  }
  return { steps: taken, ending: endless('it would not come to an end'), record: recovery };
}

function play(recovery: Recovery, steps: readonly NumberedStep[], assumed: Assumed): Recovery {
  const intended = withIntents(recovery, steps, 0, 0);
  return steps.reduce((record, { number, step }) => withOutcome(record, number, outcomeOf(step, assumed), 0), intended);
}

function outcomeOf(step: Step, assumed: Assumed): StepOutcome {
  // An operator's commands and the key-value stores are not on the server that the step names.
  if (isAftermath(step)) return { ok: true, findings: {} };
  const findings = assumed(step.server, 'hop' in step);
  if (findings === null) return { ok: false, code: 'unreachable', error: 'it does not answer', retriable: false };
  return { ok: true, findings };
}

function endless(reason: string): Closing {
  return { kind: 'close', verdict: { kind: 'failed', reason }, lost: [], demotion: null };
}
