// scripts/bench failover: for how long a client cannot write when the primary fails or its role is moved, each round on
// fresh servers; how soon a former primary is fenced; and whether there ever are two servers that acknowledge a write.
import { milliseconds } from '../../demo/voice.js';
import { spreadOf } from '../statistics.js';
import { fenceBench } from './fence/fence-bench.js';
import { aloneBench } from './alone.js';
import { type FailoverRow, HOW_DROPPED, ROWS } from './rows.js';

const ROUNDS = 20;

interface Figures {
  readonly row: FailoverRow;
  readonly rounds: number;
  readonly medianMs: number;
  readonly worstMs: number;
  readonly allMs: readonly number[];
}

async function measure(row: FailoverRow, rounds: number): Promise<Figures> {
  const allMs: number[] = [];
  if (row.name === 'drop') process.stdout.write(`the primary is ${HOW_DROPPED}\n`);
  for (let at = 1; at <= rounds; at += 1) {
    const ms = Math.round(await row.measure());
    allMs.push(ms);
    process.stdout.write(
      `${row.name} ${String(at)}/${String(rounds)}: no write acknowledged for ${milliseconds(ms)}\n`,
    );
  }
  const { p50, most } = spreadOf(allMs);
  return { row, rounds, medianMs: p50, worstMs: most, allMs };
}

function tell({ row, rounds, medianMs, worstMs, allMs }: Figures): void {
  const holds = medianMs <= row.medianMs && worstMs <= row.worstMs;
  const promised = { medianMs: row.medianMs, worstMs: row.worstMs };
  process.stdout.write(
    `${JSON.stringify({ failover: row.name, rounds, medianMs, worstMs, promised, holds, allMs })}\n`,
  );
}

function table(all: readonly Figures[]): string {
  const lines = all.map(({ row, rounds, medianMs, worstMs }) => {
    const cells = [row.says, String(rounds), milliseconds(medianMs), milliseconds(worstMs)];
    return `| ${[...cells, `${milliseconds(row.medianMs)} (${milliseconds(row.worstMs)})`].join(' | ')} |`;
  });
  return ['| fault | rounds | median | worst | promised |', '|---|---|---|---|---|', ...lines].join('\n');
}

interface Wanted {
  readonly rows: readonly FailoverRow[];
  readonly rounds: number;
}

/** `kill pause --rounds 5`, or as it always was: `kill 5`. Null: not understood. */
function wantedBy(words: readonly string[]): Wanted | null {
  const names = words.filter((word) => word !== '--rounds' && Number.isNaN(Number(word)));
  const numbers = words.filter((word) => !Number.isNaN(Number(word))).map(Number);
  const rows = names.map((name) => ROWS.find((row) => row.name === name));
  const [rounds = ROUNDS] = numbers;
  if (rows.includes(undefined) || numbers.length > 1 || !(rounds > 0)) return null;
  const known = rows.filter((row) => row !== undefined);
  return { rows: known.length === 0 ? ROWS : known, rounds };
}

/** False when the words are not understood. */
export async function failoverBench(words: readonly string[]): Promise<boolean> {
  const [first, ...rest] = words;
  if (first === 'fence') return await fenceBench(rest);
  if (first === 'alone') return await aloneBench(rest);
  const wanted = wantedBy(words);
  if (wanted === null) return false;
  const all: Figures[] = [];
  for (const row of wanted.rows) {
    const figures = await measure(row, wanted.rounds);
    tell(figures);
    all.push(figures);
  }
  process.stdout.write(`\n${table(all)}\n`);
  return true;
}
