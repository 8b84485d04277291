// wrk against one node: so many connections, each asking again as soon as it is answered.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../lab/programs.js';
import { round } from '../statistics.js';

const run = promisify(execFile);

const CONNECTIONS = 16;

export interface Loading {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  readonly answers: number;
  /** Answers that were no 200, and connections that broke. */
  readonly failures: number;
}

/** Asks for the paths in turn; `directory` takes the script that says so. */
export async function load(
  url: string,
  paths: readonly string[],
  seconds: number,
  directory: string,
): Promise<Loading> {
  const script = join(directory, 'wrk.lua');
  writeFileSync(script, scriptFor(paths));
  const wrk = await findProgram('wrk');
  const words = ['-t1', `-c${String(CONNECTIONS)}`, `-d${String(seconds)}s`, '-s', script, url];
  const { stdout } = await run(wrk, words);
  const summary = stdout.split('\n').find((line) => line.startsWith(MARK));
  if (summary === undefined) throw new Error(`wrk did not say what it measured: ${stdout}`);
  const measured = JSON.parse(summary.slice(MARK.length)) as Readonly<Record<string, number>>;
  const value = (name: string): number => measured[name] ?? Number.NaN;
  return {
    requestsPerSecond: round(value('answers') / (value('microseconds') / 1e6), 0),
    p50Ms: round(value('p50') / 1000),
    p99Ms: round(value('p99') / 1000),
    mostMs: round(value('most') / 1000),
    answers: value('answers'),
    failures: value('failures'),
  };
}

const MARK = 'measured ';

/** In the words of wrk, which is told what to do in Lua. */
function scriptFor(paths: readonly string[]): string {
  return `
local paths = { ${paths.map((path) => JSON.stringify(path)).join(', ')} }
local at = 0
request = function()
  at = at % #paths + 1
  return wrk.format('GET', paths[at])
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '${MARK}{"answers":%d,"microseconds":%d,"p50":%d,"p99":%d,"most":%d,"failures":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
`;
}
