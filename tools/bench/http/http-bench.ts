// scripts/bench http: how fast the nodes answer, as a table beside the incumbent's figures and at the end as JSON.
import { cpus, loadavg } from 'node:os';
import { round } from '../statistics.js';
import { type FailoverLoad, measureFailoverLoad } from './failover-load.js';
import { P99_WANTED_MS, QUESTIONS } from './figures.js';
import { measureReading, type Reading } from './reading.js';

const SECONDS = 10;

type Part = 'reading' | 'failover';
const PARTS: readonly Part[] = ['reading', 'failover'];

/** False: the words are not understood. */
export async function httpBench(words: readonly string[]): Promise<boolean> {
  const order = parse(words);
  if (order === null) return false;
  const load = loadavg().map((value) => round(value));
  say(`${String(cpus().length)} cores, load average before: ${load.join(' ')}; wrk, 16 connections, 100 servers`);
  const details: Record<string, unknown> = {};
  if (order.parts.includes('reading')) {
    say(HEAD);
    details['reading'] = await measureReading(order.seconds, (reading) => {
      say(lineOf(reading));
    });
  }
  if (order.parts.includes('failover')) {
    const failover = await measureFailoverLoad();
    say(failoverLine(failover));
    details['failover'] = failover;
  }
  say(JSON.stringify(details, null, 2));
  return true;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const WIDTHS = [22, 10, 11, 10, 8, 10, 10, 12, 10] as const;

const HEAD = columns('question', 'node', 'answers/s', 'incumbent', 'wanted', '', 'p99, ms', 'CPU, us/one', 'bytes');

function lineOf({ question, node, requestsPerSecond, p99Ms, failures, ...rest }: Reading): string {
  const figures = QUESTIONS.find(({ name }) => name === question);
  const held = failures === 0 && requestsPerSecond >= (figures?.wanted ?? 0);
  return columns(
    question,
    node,
    String(requestsPerSecond),
    String(figures?.incumbent ?? ''),
    String(figures?.wanted ?? ''),
    held ? 'held' : 'NOT HELD',
    String(p99Ms),
    String(rest.cpuMicrosecondsPerAnswer),
    String(rest.answerBytes),
  );
}

function failoverLine({ p99Ms, mostMs, requestsPerSecond, promotedAfterMs }: FailoverLoad): string {
  const held = p99Ms <= P99_WANTED_MS ? 'held' : 'NOT HELD';
  return (
    `all four in turn on the leader during a failover (promoted after ${String(promotedAfterMs)} ms): ` +
    `${String(requestsPerSecond)} answers/s, p99 ${String(p99Ms)} ms (at most ${String(P99_WANTED_MS)}: ${held}), longest ${String(mostMs)} ms`
  );
}

function columns(...cells: readonly string[]): string {
  return cells
    .map((cell, at) => (at < 2 ? cell.padEnd(WIDTHS[at] ?? 0) : cell.padStart(WIDTHS[at] ?? 0)))
    .join(' ')
    .trimEnd();
}

function parse(words: readonly string[]): { readonly parts: readonly Part[]; readonly seconds: number } | null {
  const parts: Part[] = [];
  let seconds = SECONDS;
  const waiting = [...words];
  for (let word = waiting.shift(); word !== undefined; word = waiting.shift()) {
    const part = PARTS.find((known) => known === word);
    if (part !== undefined) parts.push(part);
    else if (word === '--seconds') seconds = Number(waiting.shift());
    else return null;
  }
  return seconds > 0 ? { parts: parts.length === 0 ? PARTS : parts, seconds } : null;
}
