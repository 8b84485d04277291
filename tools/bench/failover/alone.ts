// scripts/bench failover alone: under the policy cross-zone with real semi-sync, is there ever a moment with two servers
// that acknowledge a client's write? Every server is asked every 20 ms while the primary is frozen or cut off, and after.
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../demo/until.js';
import type { LabServer } from '../../lab/lab-server.js';
import { MySqlLab } from '../../lab/mysql-lab.js';
import { Acknowledgers } from './acknowledgers.js';
import { setUpCrossZone } from './cross-zone.js';

const ROUNDS = 20;
const FIRST_ID = 1_000_000;
/** Before the fault, between the failover and the return, and after it. */
const WATCHED_MS = 2000;

const FAULTS = {
  frozen: {
    strike: (primary: LabServer): void => {
      primary.pause();
    },
    heal: (primary: LabServer): void => {
      primary.resume();
    },
  },
  cut: {
    strike: (primary: LabServer): void => {
      primary.door.fallSilent();
    },
    heal: (primary: LabServer): void => {
      primary.door.speak();
    },
  },
} as const;
type Fault = keyof typeof FAULTS;

interface Watched {
  readonly asked: number;
  readonly acknowledged: number;
  readonly twofold: number;
}

async function watch(fault: Fault): Promise<Watched> {
  const lab = await MySqlLab.open();
  try {
    const { topology } = await setUpCrossZone(lab);
    const clients = new Acknowledgers(topology.servers, FIRST_ID);
    await sleep(WATCHED_MS);
    FAULTS[fault].strike(topology.primary);
    await until('a write acknowledged by another server', () =>
      Promise.resolve(topology.replicas.some((server) => clients.by(server).length > 0) ? true : undefined),
    );
    await sleep(WATCHED_MS);
    FAULTS[fault].heal(topology.primary);
    await sleep(WATCHED_MS);
    clients.stop();
    return { asked: clients.asked, acknowledged: clients.acknowledged.length, twofold: clients.twofold.length };
  } finally {
    await lab.close();
  }
}

/** False when the words are not understood. */
export async function aloneBench(words: readonly string[]): Promise<boolean> {
  const rounds = Number(words[0] ?? ROUNDS);
  if (!(rounds > 0) || words.length > 1) return false;
  for (const fault of ['frozen', 'cut'] as const) {
    const all: Watched[] = [];
    for (let at = 1; at <= rounds; at += 1) all.push(await watch(fault));
    const sum = (part: keyof Watched): number => all.reduce((total, one) => total + one[part], 0);
    const figures = { asked: sum('asked'), acknowledged: sum('acknowledged'), twofold: sum('twofold') };
    process.stdout.write(`${JSON.stringify({ alone: fault, rounds, ...figures })}\n`);
  }
  return true;
}
