// How a primary goes away, so that another takes its place, and comes back as if nothing had happened: open for writes, and
// with clients that believe in it.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SetOptions } from '../../../demo/set.js';
import { until } from '../../../demo/until.js';
import type { LabServer } from '../../../lab/lab-server.js';
import type { MySqlLab } from '../../../lab/mysql-lab.js';
import { PrivateNetwork } from '../../../lab/private-network.js';
import type { ClientPath, Hammer } from './hammer.js';

export interface Return {
  readonly options: SetOptions;
  /** How its clients reach it, whatever happens to everybody else's way. */
  clientPath(primary: LabServer): ClientPath;
  leave(primary: LabServer): Promise<void>;
  /** Resolves with the monotonic moment of its first word. */
  comeBack(primary: LabServer, hammer: Hammer): Promise<number>;
}

const byAddress = ({ host, port }: LabServer): ClientPath => ({ host, port });

async function firstWordTo(hammer: Hammer, comes: () => Promise<void>): Promise<number> {
  hammer.listenAnew();
  await comes();
  return await until('its first word', () => Promise.resolve(hammer.firstWordAtMs ?? undefined));
}

const frozen: Return = {
  options: {},
  clientPath: byAddress,
  leave: (primary) => {
    primary.pause();
    return Promise.resolve();
  },
  comeBack: (primary, hammer) =>
    firstWordTo(hammer, () => {
      primary.resume();
      return Promise.resolve();
    }),
};

const restarted: Return = {
  options: {},
  clientPath: byAddress,
  leave: (primary) => primary.kill(),
  comeBack: (primary, hammer) => firstWordTo(hammer, () => primary.start()),
};

/** Its clients are on its own host, and write all the time; to everybody else it is as good as dead. */
async function cut(lab: MySqlLab): Promise<Return> {
  const network = PrivateNetwork.isPossible ? await PrivateNetwork.open(lab.spawn.bind(lab)) : null;
  return {
    options: network === null ? { door: true } : { place: network },
    clientPath: ({ socketPath }) => ({ socketPath }),
    leave: async (primary) => {
      if (network === null) primary.door.fallSilent();
      else await network.drop();
    },
    comeBack: async (primary) => {
      const answered = firstAnswer(primary);
      if (network === null) primary.door.speak();
      else await network.deliver();
      return await answered;
    },
  };
}

export const RETURNS = {
  frozen: () => Promise.resolve(frozen),
  restarted: () => Promise.resolve(restarted),
  cut,
} satisfies Readonly<Record<string, (lab: MySqlLab) => Promise<Return>>>;

const RING_EVERY_MS = 2;
const RINGS_MAX = 50;

/** To somebody who rings all the time, with calls of their own: one that went into a cut way is repeated after seconds only. */
async function firstAnswer({ host, port }: LabServer): Promise<number> {
  const rings: Socket[] = [];
  const heard: number[] = [];
  while (heard.length === 0) {
    const ring = connect(port, host);
    rings.push(ring);
    ring.on('error', () => undefined);
    ring.once('data', () => heard.push(performance.now()));
    if (rings.length > RINGS_MAX) rings.shift()?.destroy();
    await sleep(RING_EVERY_MS);
  }
  for (const ring of rings) ring.destroy();
  return Math.min(...heard);
}
