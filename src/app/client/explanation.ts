/** The answer of `explain` as a person reads it: the verdict first, then every reason with what mends it, then the rest. */
import { type ApiAnswer, field, listOf, textOf } from './answer.js';

export function explanationLines({ payload }: ApiAnswer): readonly string[] {
  const name = textOf(field(payload, 'cluster'));
  const alias = textOf(field(payload, 'alias') ?? '');
  const title = alias === '' || alias === name ? name : `${alias} (${name})`;
  const would = field(payload, 'wouldFailOver') === true;
  return [
    would ? `${title} would be failed over now, if its primary died` : `${title} would NOT be failed over now`,
    ...reasons('  because', field(payload, 'refusals')),
    ...successor(field(payload, 'successor')),
    ...durability(field(payload, 'durability')),
    ...loss(field(payload, 'loss')),
    ...listOf(field(payload, 'candidates')).flatMap(candidate),
    ...reasons('  note:', field(payload, 'warnings')),
    ...listOf(field(payload, 'plan')).map((step, at) => `  step ${String(at + 1)}: ${textOf(step)}`),
  ];
}

function reasons(lead: string, refusals: unknown): readonly string[] {
  return listOf(refusals).flatMap((refusal) => {
    const mend = textOf(field(refusal, 'mend'));
    const line = `${lead} ${textOf(field(refusal, 'message'))} [${textOf(field(refusal, 'code'))}]`;
    return mend === '' ? [line] : [line, `    to mend it: ${mend}`];
  });
}

function successor(value: unknown): readonly string[] {
  if (value === null || value === undefined) return ['  nobody would be promoted'];
  return [`  successor: ${textOf(field(value, 'name'))}, because ${textOf(field(value, 'because'))}`];
}

function durability(value: unknown): readonly string[] {
  const policy = textOf(field(value, 'policy'));
  if (field(value, 'guaranteed') === true) return [`  no acknowledged transaction would be lost (policy ${policy})`];
  const because = listOf(field(value, 'because')).map(textOf);
  return [
    `  that no acknowledged transaction would be lost is not guaranteed (policy ${policy}):`,
    ...because.map((reason) => `    ${reason}`),
  ];
}

function loss(value: unknown): readonly string[] {
  const unreceived = field(value, 'unreceived') ?? null;
  const count = unreceived === null ? null : textOf(field(unreceived, 'count'));
  return [
    ...(count === null || count === '0'
      ? []
      : [`  at most ${count} transactions were on the primary alone when last seen`]),
    ...listOf(field(value, 'setApart')).map(
      (one) => `  ${textOf(field(one, 'name'))} would be left behind: ${textOf(field(one, 'reason'))}`,
    ),
    ...listOf(field(value, 'errant')).map(
      (one) => `  ${textOf(field(one, 'name'))} has errant transactions: ${textOf(field(one, 'gtids'))}`,
    ),
  ];
}

function candidate(value: unknown): readonly string[] {
  const name = textOf(field(value, 'name'));
  const rank = field(value, 'rank') ?? null;
  const behind = textOf(field(value, 'behindBecause') ?? '');
  const place =
    rank === null
      ? 'may not be promoted'
      : `candidate ${textOf(rank)}${behind === '' ? '' : `, behind the one before by ${behind}`}`;
  return [`  ${name}: ${place}`, ...reasons('    it', field(value, 'refusals')).map((line) => line)];
}
