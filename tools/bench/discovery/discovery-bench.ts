// scripts/bench discovery: what it costs to see many servers, as a table for people and at the end as JSON for programs.
import { cpus, loadavg } from 'node:os';
import { round } from '../statistics.js';
import { fleetFigures, type Figure, PARTS, type PartResult, type Times, USUAL_PARTS } from './parts.js';
import { type FleetOptions, measureFleet } from './fleet.js';

interface Order {
  readonly parts: readonly string[];
  readonly times: Times;
  /** A fleet of any size in place of the parts. */
  readonly fleet: Omit<FleetOptions, keyof Times> | null;
}

const DEFAULT_TIMES: Times = { warmUpSeconds: 60, seconds: 20 };

/** False: the words are not understood. */
export async function discoveryBench(words: readonly string[]): Promise<boolean> {
  const order = parse(words);
  if (order === null) return false;
  const load = loadavg().map((value) => round(value));
  process.stdout.write(`${String(cpus().length)} cores, load average before: ${load.join(' ')}\n`);
  const details: Record<string, unknown> = {};
  const take = (name: string, result: PartResult): void => {
    details[name] = result.details;
    for (const figure of result.figures) process.stdout.write(`${lineOf(figure)}\n`);
  };
  if (order.fleet !== null) {
    const fleet = await measureFleet({ ...order.fleet, ...order.times });
    take('fleet', { figures: fleetFigures(fleet, null), details: fleet });
  } else {
    for (const name of order.parts) {
      const result = await PARTS[name]?.(order.times);
      if (result !== undefined) take(name, result);
    }
  }
  process.stdout.write(`${JSON.stringify(details, null, 2)}\n`);
  return true;
}

const WHAT_WIDTH = 64;
const MEASURED_WIDTH = 46;

function lineOf({ what, measured, target, held }: Figure): string {
  const verdict = held === null ? '' : held ? 'held' : 'NOT HELD';
  return `${what.padEnd(WHAT_WIDTH)} ${measured.padEnd(MEASURED_WIDTH)} ${target.padEnd(14)} ${verdict}`.trimEnd();
}

const NUMBERS = ['warm-up', 'seconds', 'servers', 'nodes', 'poll'] as const;

const SERVERS_PER_CLUSTER = 20;

function parse(words: readonly string[]): Order | null {
  const parts = words.filter((word, at) => !word.startsWith('--') && !(words[at - 1] ?? '').startsWith('--'));
  const numbers = new Map<string, number>();
  for (const [at, word] of words.entries()) {
    if (!word.startsWith('--')) continue;
    const value = Number(words[at + 1]);
    if (!NUMBERS.some((name) => `--${name}` === word) || !(value > 0)) return null;
    numbers.set(word.slice(2), value);
  }
  if (parts.some((part) => PARTS[part] === undefined)) return null;
  const servers = numbers.get('servers');
  return {
    parts: parts.length === 0 ? USUAL_PARTS : parts,
    times: {
      warmUpSeconds: numbers.get('warm-up') ?? DEFAULT_TIMES.warmUpSeconds,
      seconds: numbers.get('seconds') ?? DEFAULT_TIMES.seconds,
    },
    fleet:
      servers === undefined
        ? null
        : {
            nodes: numbers.get('nodes') ?? 3,
            clusters: Math.ceil(servers / SERVERS_PER_CLUSTER),
            replicasPerCluster: SERVERS_PER_CLUSTER - 1,
            pollSeconds: numbers.get('poll') ?? 1,
          },
  };
}
