// scripts/bench failover: how long a client cannot write when the primary fails, several times, each on fresh servers.
import { FAULTS, type Fault } from '../../demo/options.js';
import { setUp } from '../../demo/set.js';
import { outageSince, strike, writeForAWhile } from '../../demo/strike.js';
import { milliseconds, Voice } from '../../demo/voice.js';
import { MySqlLab } from '../../lab/mysql-lab.js';
import { fenceBench } from './fence/fence-bench.js';

const ROUNDS = 5;
const SILENT = new Voice(() => undefined);

async function outageMs(fault: Fault): Promise<number> {
  const lab = await MySqlLab.open();
  try {
    const set = await setUp(lab, SILENT);
    await writeForAWhile(set);
    const atMs = await strike(set, fault, SILENT);
    const gap = await outageSince(set, atMs);
    await set.writer.stop();
    return gap.ms;
  } finally {
    await lab.close();
  }
}

function middle(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function benchFailover(fault: Fault, rounds: number): Promise<void> {
  const outages: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const ms = await outageMs(fault);
    outages.push(ms);
    process.stdout.write(
      `${fault} ${String(round)}/${String(rounds)}: no write acknowledged for ${milliseconds(ms)}\n`,
    );
  }
  const sorted = outages.toSorted((one, other) => one - other);
  const [least, most] = [sorted[0] ?? Number.NaN, sorted.at(-1) ?? Number.NaN];
  process.stdout.write(
    `${fault}: median ${milliseconds(middle(sorted))}, ${milliseconds(least)} to ${milliseconds(most)}\n`,
  );
}

/** False when the words are not understood. */
export async function failoverBench([given = 'kill', ...more]: readonly string[]): Promise<boolean> {
  if (given === 'fence') return await fenceBench(more);
  const fault = FAULTS.find((known) => known === given && known !== 'leader');
  const [rounds = String(ROUNDS)] = more;
  if (fault === undefined || !(Number(rounds) > 0)) return false;
  await benchFailover(fault, Number(rounds));
  return true;
}
