/**
 * The steps of a plan that touch no server: an operator's hooks and the wait for the key-value stores. The leader's right to
 * act is asked before every command, as it is before every statement.
 */
import { hookEventOf } from '../../../core/recovery/telling/hooks.js';
import type { Recovery } from '../../../core/recovery/recovery.js';
import type { NumberedStep, Step, StepOutcome } from '../../../core/recovery/step.js';
import type { RecoveryParts } from '../recovery-parts.js';

export type HookStep = Extract<Step, { kind: 'hooks' | 'publish' }>;

export function isHookStep(step: Step): step is HookStep {
  return step.kind === 'hooks' || step.kind === 'publish';
}

/** Never rejects but for a fault of the program. `record`: as it is committed, with the verdict where there is one. */
export async function takeHookStep(
  parts: Pick<RecoveryParts, 'hooks' | 'publishing' | 'authorityFor'>,
  record: Recovery,
  { step, attempt }: NumberedStep & { readonly step: HookStep },
  term: number,
  signal: AbortSignal,
): Promise<StepOutcome> {
  if (step.kind === 'publish') return await parts.publishing.published(record.clusterId, step.server);
  const event = hookEventOf(record, attempt);
  if (event === null) return { ok: true, findings: { text: 'the record has nothing to tell' } };
  const authority = parts.authorityFor(term);
  const confirm = async (): Promise<void> => {
    await authority.confirm();
    authority.assertLease();
  };
  return await parts.hooks.runner.run({ list: step.list, event, confirm, signal });
}
