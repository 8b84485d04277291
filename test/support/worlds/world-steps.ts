/** The steps of plans in groups, by what of the model of MySQL they concern. */
import type { Resting, ReturnStep, Step } from '../../../src/core/recovery/step.js';

export type SourceStep = Extract<Step, { kind: 'repoint' | 'locate' | 'run-until' }>;

export function isAboutSources(step: Step): step is SourceStep {
  return ['repoint', 'locate', 'run-until'].includes(step.kind);
}

type NothingStep = Extract<Step, { kind: 'release' | 'restart-io' | 'promise-promotion' | 'hooks' | 'publish' }>;

export function changesNothing(step: Step): step is NothingStep {
  return ['release', 'restart-io', 'promise-promotion', 'hooks', 'publish'].includes(step.kind);
}

export type RoleStep = Extract<Step, { kind: 'detach' | 'open' | 'close' | 'fence' }> | ReturnStep;

/** What runs when it is started. */
export function threads(
  { broken }: { readonly broken: boolean },
  { start, rests }: { readonly start: boolean; readonly rests?: Resting | undefined },
): { readonly io: boolean; readonly sql: boolean } {
  return { io: start && rests !== 'io', sql: start && !broken && rests !== 'sql' };
}
