/** `history`: what was done in a cluster, step by step, and what else became of its servers; the newest at the end. */
import { ok } from '../../../../core/base/result.js';
import { field, listOf, textOf } from '../../answer.js';
import type { Context, Outcome, SpecialCommand } from '../../context.js';
import { timeText } from '../../follow/happening-line.js';
import type { Colour, Paint } from '../../screen/paint.js';

export const HISTORY: SpecialCommand = {
  name: 'history',
  about: 'recoveries with their steps, and changes of the topology, of one cluster or of all; the newest last',
  usage: ' [-i HOST[:PORT] | -a CLUSTER]',
  example: ' -a shop',
  looks: true,
  run: async ({ session, options, paint }: Context): Promise<Outcome> => {
    const hint = options.alias ?? options.instance ?? '';
    const answer = await session.call(`v1/history${hint === '' ? '' : `/${encodeURIComponent(hint)}`}`, false);
    if (!answer.ok) return answer;
    const { payload } = answer.value;
    return ok({ lines: historyLines(payload, paint), payload, exitCode: 0 });
  },
};

interface Entry {
  readonly atMs: number;
  readonly lines: readonly string[];
}

function historyLines(payload: unknown, paint: Paint): readonly string[] {
  const recoveries = listOf(field(payload, 'recoveries')).map((recovery) => recoveryEntry(recovery, paint));
  const changes = listOf(field(payload, 'changes')).map((change) => changeEntry(change, paint));
  const lines = [...recoveries, ...changes].sort((one, other) => one.atMs - other.atMs).flatMap((entry) => entry.lines);
  return lines.length === 0 ? ['nothing is remembered'] : lines;
}

function changeEntry(change: unknown, paint: Paint): Entry {
  const atMs = Number(field(change, 'atMs'));
  const words = `${textOf(field(change, 'kind'))}: ${textOf(field(change, 'text'))}`;
  return { atMs, lines: [`${paint('dim', timeText(atMs))} ${words}`] };
}

const VERDICTS: Readonly<Record<string, Colour>> = { succeeded: 'green', undone: 'yellow' };

function recoveryEntry(recovery: unknown, paint: Paint): Entry {
  const atMs = Number(field(recovery, 'openedAtMs'));
  const closedAtMs = field(recovery, 'closedAtMs') ?? null;
  const verdict = field(recovery, 'verdict') ?? null;
  const kind = verdict === null ? 'under way' : textOf(field(verdict, 'kind'));
  const reason = textOf(field(verdict, 'reason') ?? '');
  const successor = textOf(field(recovery, 'successor') ?? '');
  const took = closedAtMs === null ? '' : ` after ${String(Number(closedAtMs) - atMs)} ms`;
  const title = `${textOf(field(recovery, 'kind'))} of ${textOf(field(recovery, 'failed'))}: ${whyOf(recovery)}`;
  const ending = `${kind}${took}${successor === '' ? '' : `, the primary is ${successor}`}${reason === '' ? '' : `: ${reason}`}`;
  const steps = listOf(field(recovery, 'steps')).map((step) => stepLine(step, atMs, paint));
  const lost = listOf(field(recovery, 'lost')).map(
    (one) => `    ${paint('yellow', `left behind: ${textOf(field(one, 'address'))}: ${textOf(field(one, 'reason'))}`)}`,
  );
  return {
    atMs,
    lines: [
      `${paint('dim', timeText(atMs))} ${paint('bold', title)} (${textOf(field(recovery, 'id'))}, by ${textOf(field(recovery, 'openedBy'))})`,
      ...steps,
      ...lost,
      `    ${paint(verdict === null ? 'cyan' : (VERDICTS[kind] ?? 'red'), ending)}`,
    ],
  };
}

/** What was asked for has the code of the failure that it is told apart from, or none that says anything. */
const ASKED_FOR = new Set([
  'graceful-takeover',
  'former-primary',
  'inject-empty',
  'reset-gtids',
  'rebuild',
  'move',
  'switch',
]);

function whyOf(recovery: unknown): string {
  const isAskedFor = ASKED_FOR.has(textOf(field(recovery, 'kind')));
  return textOf(field(recovery, isAskedFor ? 'description' : 'code'));
}

function stepLine(step: unknown, openedAtMs: number, paint: Paint): string {
  const began = Number(field(step, 'intendedAtMs'));
  const finished = field(step, 'finishedAtMs') ?? null;
  const worked = field(step, 'ok') ?? null;
  const detail = textOf(field(step, 'detail') ?? '');
  const took = finished === null ? 'under way' : `${String(Number(finished) - began)} ms`;
  const text = `${textOf(field(step, 'intent'))} (${took})${detail === '' ? '' : `: ${detail}`}`;
  return `    +${String(began - openedAtMs)} ms  ${paint(worked === false ? 'red' : null, text)}`;
}
