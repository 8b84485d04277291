/** A server that is set apart, and its ways back, as a person reads them. */
import { type ApiAnswer, field, listOf, textOf } from './answer.js';

export function waysBackLines({ payload }: ApiAnswer): readonly string[] {
  const apart = field(payload, 'apart') ?? null;
  const gtids = textOf(field(apart, 'gtids') ?? '');
  return [
    apart === null ? 'it is not set apart' : `${textOf(field(apart, 'state'))}: ${textOf(field(apart, 'reason'))}`,
    ...(gtids === '' ? [] : [`  it alone has ${gtids}`]),
    ...underWayLines(field(payload, 'underWay') ?? null),
    ...listOf(field(payload, 'ways')).flatMap(planLines),
  ];
}

/** Of one that was begun, or of a dry run. */
export function wayBackLines(answer: ApiAnswer): readonly string[] {
  const { payload, message } = answer;
  return [message, ...refusalLines(payload), ...stepLines(payload)];
}

function stepLines(payload: unknown): readonly string[] {
  return listOf(field(payload, 'steps')).map((step, at) => {
    if (typeof step === 'string') return `  step ${String(at + 1)}: ${step}`;
    const ok = field(step, 'ok') ?? null;
    const how = ok === null ? 'under way' : ok === true ? 'done' : 'failed';
    const detail = textOf(field(step, 'detail') ?? '');
    return `  ${how}: ${textOf(field(step, 'intent'))}${detail === '' ? '' : ` (${detail})`}`;
  });
}

function underWayLines(underWay: unknown): readonly string[] {
  if (underWay === null) return [];
  const lead = `${textOf(field(underWay, 'way'))} is under way as recovery ${textOf(field(underWay, 'id'))}`;
  return [lead, ...stepLines(underWay)];
}

function planLines(plan: unknown): readonly string[] {
  const refusals = refusalLines(plan);
  const way = textOf(field(plan, 'way'));
  return [
    `${way}: ${refusals.length > 0 ? 'not now' : textOf(field(plan, 'ending'))}`,
    ...refusals,
    ...listOf(field(plan, 'steps')).map((step, at) => `  step ${String(at + 1)}: ${textOf(step)}`),
  ];
}

function refusalLines(plan: unknown): readonly string[] {
  return listOf(field(plan, 'refusals')).flatMap((refusal) => {
    const mend = textOf(field(refusal, 'mend') ?? '');
    const line = `  because ${textOf(field(refusal, 'message'))} [${textOf(field(refusal, 'code'))}]`;
    return mend === '' ? [line] : [line, `    to mend it: ${mend}`];
  });
}
