// scripts/bench failover fence: a primary that was replaced answers again, open for writes, while clients still believe in
// it. From its first word to any of them until the last write that it acknowledges; each round on fresh servers.
import { setTimeout as sleep } from 'node:timers/promises';
import { openServers, setUp } from '../../../demo/set.js';
import { until } from '../../../demo/until.js';
import { Voice } from '../../../demo/voice.js';
import { MySqlLab } from '../../../lab/mysql-lab.js';
import { round, spreadOf } from '../../statistics.js';
import { Hammer } from './hammer.js';
import { RETURNS } from './returns.js';

/**
 * frozen: SIGSTOP, and SIGCONT when another is the primary. restarted: SIGKILL, and started again as its my.cnf says, open. cut:
 * from everybody but the clients on its own host, who go on writing to it.
 */
type Way = keyof typeof RETURNS;

const ROUNDS = 20;
const CLIENTS = 4;
const SILENT = new Voice(() => undefined);
/** Nobody is acknowledged for so long: it is over. */
const QUIET_MS = 1500;

interface Fenced {
  /** From the first word to the last acknowledgement, milliseconds; 0 when no write was acknowledged. */
  readonly ms: number;
  readonly acknowledged: number;
}

async function fencedAfter(how: Way): Promise<Fenced> {
  const lab = await MySqlLab.open();
  try {
    // Semi-sync keeps a former primary from acknowledging anything; here it is the fence alone that is measured.
    const { options, clientPath, leave, comeBack } = await RETURNS[how](lab);
    const set = await setUp(lab, SILENT, { ...options, semiSync: false });
    const { primary } = set.topology;
    const hammer = new Hammer(clientPath(primary), 1_000_000_000);
    hammer.start(CLIENTS);
    await until('a first acknowledged write', () => Promise.resolve(hammer.acknowledgedAtMs[0]));
    await leave(primary);
    await until('another primary', async () => {
      const others = (await openServers(set)).filter((server) => server !== primary);
      return others.length === 1 ? true : undefined;
    });
    // The failover has ended, and the former primary is waited for.
    await sleep(500);
    const before = performance.now();
    const wordAtMs = await comeBack(primary, hammer);
    await until('quiet', () => {
      const last = Math.max(wordAtMs, hammer.acknowledgedAtMs.at(-1) ?? 0);
      return Promise.resolve(performance.now() - last > QUIET_MS ? true : undefined);
    });
    const since = hammer.acknowledgedAtMs.filter((atMs) => atMs > before);
    await hammer.stop();
    await set.writer.stop();
    return { ms: Math.max(0, (since.at(-1) ?? 0) - wordAtMs), acknowledged: since.length };
  } finally {
    await lab.close();
  }
}

async function measure(how: Way, rounds: number): Promise<void> {
  const all: Fenced[] = [];
  for (let at = 1; at <= rounds; at += 1) {
    const fenced = await fencedAfter(how);
    all.push(fenced);
    process.stdout.write(
      `${how} ${String(at)}/${String(rounds)}: last write acknowledged ${String(round(fenced.ms))} ms after its first word ` +
        `(${String(fenced.acknowledged)} in all)\n`,
    );
  }
  const { p50, most } = spreadOf(all.map(({ ms }) => ms));
  process.stdout.write(`${JSON.stringify({ fence: how, rounds, medianMs: round(p50), worstMs: round(most) })}\n`);
}

/** False when the words are not understood. */
export async function fenceBench([given = '', ...rest]: readonly string[]): Promise<boolean> {
  const ways = Object.keys(RETURNS) as Way[];
  const named = ways.find((known) => known === given);
  const rounds = Number((named === undefined ? [given, ...rest] : rest)[0] ?? ROUNDS) || ROUNDS;
  if (named === undefined && given !== '' && !(Number(given) > 0)) return false;
  for (const how of named === undefined ? ways : [named]) await measure(how, rounds);
  return true;
}
