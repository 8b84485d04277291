// scripts/bench detection: how soon a death is known, how often one is made up, and what looking costs.
import { round, spreadOf } from '../statistics.js';
import { type Death, DEATHS, timeDeaths } from './deaths.js';
import { type Temptation, TEMPTATIONS, tempt } from './temptations.js';
import { measureThousand } from './thousand.js';

const ROUNDS = 20;
const THOUSAND_TARGET_MS = 5;

type Part = (rounds: number) => Promise<void>;

const PARTS = new Map<string, Part>([
  ...Object.entries<Death>(DEATHS).map(([name, death]): [string, Part] => [
    name,
    (rounds) => deaths(name, death, rounds),
  ]),
  ...Object.entries<Temptation>(TEMPTATIONS).map(([name, temptation]): [string, Part] => [
    name,
    (rounds) => temptations(name, temptation, rounds),
  ]),
  ['thousand', thousand],
]);

async function deaths(name: string, death: Death, rounds: number): Promise<void> {
  const { p50, least, most, count } = spreadOf(await timeDeaths(death, rounds));
  const figures = { medianMs: round(p50, 0), leastMs: round(least, 0), worstMs: round(most, 0) };
  say(
    `${death.what}: declared dead after ${String(figures.medianMs)} ms, median of ${String(count)}, ` +
      `${String(figures.leastMs)} to ${String(figures.worstMs)} (at most ${String(death.targetMs)})`,
    { detection: name, rounds: count, ...figures, targetMs: death.targetMs },
  );
}

async function temptations(name: string, temptation: Temptation, rounds: number): Promise<void> {
  const { alarms, seen } = await tempt(temptation, rounds);
  const { what, found } = temptation;
  const asWhat = found === null ? '' : ` (${found} in ${String(seen)})`;
  say(`${what}: ${String(alarms)} false alarms in ${String(rounds)}${asWhat}`, {
    detection: name,
    rounds,
    falseAlarms: alarms,
    ...(found === null ? {} : { seen }),
  });
}

async function thousand(): Promise<void> {
  const { p50, p99 } = await measureThousand();
  const figures = { medianMs: round(p50), p99Ms: round(p99) };
  say(
    `evidence and diagnosis of 1000 servers: ${String(figures.medianMs)} ms (p99 ${String(figures.p99Ms)} ms; at most ${String(THOUSAND_TARGET_MS)})`,
    { detection: 'thousand', ...figures, targetMs: THOUSAND_TARGET_MS },
  );
}

function say(text: string, figures: object): void {
  process.stdout.write(`${text}\n${JSON.stringify(figures)}\n`);
}

/** False when the words are not understood. */
export async function detectionBench(words: readonly string[]): Promise<boolean> {
  const at = words.indexOf('--rounds');
  const rounds = at === -1 ? ROUNDS : Number(words[at + 1]);
  const named = at === -1 ? words : [...words.slice(0, at), ...words.slice(at + 2)];
  if (!(rounds > 0) || !named.every((name) => PARTS.has(name))) return false;
  for (const name of named.length === 0 ? PARTS.keys() : named) await PARTS.get(name)?.(rounds);
  return true;
}
