/** A happening as a line for people. */
import { field, listOf, textOf } from '../answer.js';
import type { Colour, Paint } from '../screen/paint.js';

const COLOURS: Readonly<Record<string, Colour>> = {
  'problem-began': 'red',
  'problem-changed': 'yellow',
  'problem-ended': 'green',
  'recovery-opened': 'cyan',
  'recovery-closed': 'bold',
  leader: 'cyan',
};

export function happeningLine(happening: unknown, paint: Paint): string {
  const text = (name: string): string => textOf(field(happening, name) ?? '');
  const kind = text('kind');
  if (kind === 'reset') return paint('dim', 'how things stand:');
  if (kind === 'current') return paint('dim', 'from here on as it happens:');
  const step = Number(field(happening, 'step') ?? 0);
  const about = [step > 0 ? `${text('recovery')} #${String(step)}` : text('recovery'), text('server'), text('code')];
  const reasons = listOf(field(happening, 'reasons')).map(textOf);
  const headway = HEADWAY.has(kind) ? headwayIn(happening) : '';
  const told = headway === '' ? reasons : [...reasons, headway];
  const why = told.length === 0 ? '' : ` (${told.join('; ')})`;
  const colour = text('text').startsWith('failed') ? 'red' : (COLOURS[kind] ?? null);
  const words = [...about.filter((word) => word !== ''), `${text('text')}${why}`].join(' ');
  return `${paint('dim', timeText(Number(field(happening, 'atMs'))))} ${paint(colour, kind)} ${words}`;
}

const HEADWAY: ReadonlySet<string> = new Set(['step-ended', 'recovery-closed']);

/** How far a plan that moves several servers is; '' of others. */
export function headwayIn(happening: unknown): string {
  const [arrived, moving] = [field(happening, 'arrived'), field(happening, 'moving')];
  return Number(moving ?? 0) === 0 ? '' : `${textOf(arrived)} of ${textOf(moving)} moved`;
}

/** In UTC, as everything that orchestrator says. */
export function timeText(atMs: number): string {
  return Number.isFinite(atMs)
    ? new Date(atMs)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, '')
    : '-';
}
