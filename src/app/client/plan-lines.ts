/** A plan as a person reads it: whether it would be begun, why not, then the steps with the point of no return between them. */
import { type ApiAnswer, field, listOf, textOf } from './answer.js';

export function planLines({ payload }: ApiAnswer): readonly string[] {
  const command = textOf(field(payload, 'command'));
  const cluster = textOf(field(payload, 'cluster'));
  const failed = textOf(field(field(payload, 'failed') ?? null, 'name') ?? cluster);
  const what = command === 'automatic' ? `without being asked, if ${failed} fails,` : command;
  const verdict = wouldRun(payload) ? 'would be done; nothing was done now' : 'would NOT be done';
  return [
    `${what} in the cluster of ${cluster}: ${verdict}`,
    ...listOf(field(payload, 'refusals')).flatMap((one) => refusal(one, 'because')),
    ...listOf(field(payload, 'warnings')).flatMap((one) => refusal(one, 'beware:')),
    ...successor(field(payload, 'successor')),
    ...listOf(field(payload, 'steps')).map(step),
    ...listOf(field(payload, 'lost')).map(lost),
    ...hooks(listOf(field(payload, 'hooks'))),
  ];
}

/** Of a plan; true of whatever else was answered. */
export function wouldRun(payload: unknown): boolean {
  const said = field(payload, 'wouldRun');
  // A way back says no more than what speaks against it.
  return typeof said === 'boolean' ? said : listOf(field(payload, 'refusals')).length === 0;
}

function refusal(one: unknown, lead: string): readonly string[] {
  const mend = textOf(field(one, 'mend'));
  const line = `  ${lead} ${textOf(field(one, 'message'))} [${textOf(field(one, 'code'))}]`;
  return mend === '' ? [line] : [line, `    to mend it: ${mend}`];
}

function successor(value: unknown): readonly string[] {
  if (value === null || value === undefined) return [];
  return [`  new primary: ${textOf(field(value, 'name'))}, because ${textOf(field(value, 'because'))}`];
}

function step(one: unknown): string {
  const text = `  ${textOf(field(one, 'number'))}. ${textOf(field(one, 'text'))}`;
  return field(one, 'isPointOfNoReturn') === true ? `${text} (until here it is undone if something fails)` : text;
}

function lost(one: unknown): string {
  return `  left behind: ${textOf(field(one, 'name'))}: ${textOf(field(one, 'reason'))}`;
}

function hooks(names: readonly unknown[]): readonly string[] {
  return names.length === 0 ? [] : [`  hooks: ${names.map(textOf).join(', ')}`];
}
