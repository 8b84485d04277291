// What looks like a death and is none, done to a real primary and its replicas: nobody may call it dead.
import { setTimeout as sleep } from 'node:timers/promises';
import { allIsWell, type DetectionSet, firstDeath, openSet, type SetOptions, until } from './set.js';

/** What looks like a death is looked at for longer than a death takes. */
const TEMPTATION_MS = 4000;
/** A server of a busy machine takes several seconds to start. */
const GRACE_SECONDS = 60;
/** An overloaded server is silent for so long, less than the limit of silence, and then says something. */
const STALL_MS = 700;
const BREATH_MS = 300;
/** Whoever was held up while he held the server has made it more silent than an overloaded one is. */
const SILENT_MS_MAX = 900;
/** It is found within a second or two; a busy machine may take longer to say so. */
const FOUND_MS = 60_000;

export interface Temptation {
  readonly what: string;
  readonly options: SetOptions;
  /** What is found meanwhile, if it tempts at all; null: nothing, or now this and now that. */
  readonly found: string | null;
  /**
   * `lasts`: until it was looked at for long enough, and found. Resolved with false when it became another thing than it is
   * called, which says nothing and is done once more.
   */
  tempt(set: DetectionSet, lasts: () => Promise<void>): Promise<boolean>;
}

export const TEMPTATIONS = {
  'cut-off': {
    what: 'the leader cut off from the primary alone',
    options: { door: true },
    found: 'UnreachableMaster',
    tempt: async ({ topology, cluster }, lasts) => {
      const leader = await cluster.leader();
      await topology.primary.door.cutOff(leader.pid);
      await lasts();
      topology.primary.door.rejoin();
      return true;
    },
  },
  'io-threads': {
    what: 'IO threads stopped by an operator',
    options: {},
    found: 'AllMasterReplicasNotReplicating',
    tempt: async ({ topology }, lasts) => {
      for (const replica of topology.replicas) await replica.execute('STOP REPLICA IO_THREAD');
      await lasts();
      for (const replica of topology.replicas) await replica.execute('START REPLICA IO_THREAD');
      return true;
    },
  },
  restart: {
    what: `restarts within ${String(GRACE_SECONDS)} s of grace`,
    options: { config: { PrimaryRestartGraceSeconds: GRACE_SECONDS } },
    found: 'UnreachableMaster',
    tempt: async ({ topology }, lasts) => {
      const killedAtMs = performance.now();
      await topology.primary.kill();
      await lasts();
      await topology.primary.start();
      const wasInTime = performance.now() - killedAtMs < GRACE_SECONDS * 1000;
      for (const replica of topology.replicas) {
        await replica.execute('STOP REPLICA IO_THREAD');
        await replica.execute('START REPLICA IO_THREAD');
      }
      return wasInTime;
    },
  },
  slow: {
    what: 'a primary so overloaded that its answers take most of a second',
    options: {},
    found: null,
    tempt: async ({ topology }) => {
      let longestMs = 0;
      for (let passedMs = 0; passedMs < TEMPTATION_MS; passedMs += STALL_MS + BREATH_MS) {
        const pausedAtMs = performance.now();
        topology.primary.pause();
        await sleep(STALL_MS);
        topology.primary.resume();
        longestMs = Math.max(longestMs, performance.now() - pausedAtMs);
        await topology.primary.query('SELECT 1');
        await sleep(BREATH_MS);
      }
      return longestMs < SILENT_MS_MAX;
    },
  },
  'paused-node': {
    what: 'the leader stopped for longer than all limits, and woken',
    options: {},
    found: null,
    tempt: async ({ cluster }) => {
      const leader = await cluster.leader();
      leader.pause();
      await sleep(TEMPTATION_MS);
      leader.resume();
      await sleep(TEMPTATION_MS / 2);
      return true;
    },
  },
  'ailing-replicas': {
    what: 'one replica that is delayed, and one whose applier met an error',
    options: {},
    found: null,
    tempt: async ({ topology }) => {
      const [late, broken] = topology.replicas;
      await late?.execute(
        'STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 3600; START REPLICA SQL_THREAD',
      );
      // What the replica has already, the primary makes anew.
      await broken?.execute('SET GLOBAL super_read_only = 0; SET sql_log_bin = 0; CREATE DATABASE already_there');
      await topology.primary.execute('CREATE DATABASE already_there');
      await sleep(TEMPTATION_MS);
      await broken?.execute('SET sql_log_bin = 0; DROP DATABASE already_there; START REPLICA SQL_THREAD');
      await late?.execute(
        'STOP REPLICA SQL_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 0; START REPLICA SQL_THREAD',
      );
      await topology.caughtUp();
      await topology.primary.execute('DROP DATABASE already_there');
      await topology.caughtUp();
      await broken?.execute('SET GLOBAL super_read_only = 1');
      return true;
    },
  },
} satisfies Readonly<Record<string, Temptation>>;

export interface Tempted {
  readonly rounds: number;
  /** Deaths that were none. */
  readonly alarms: number;
  /** Rounds in which what tempts was seen at all. */
  readonly seen: number;
}

/** On servers and nodes of its own. */
export async function tempt(temptation: Temptation, rounds: number): Promise<Tempted> {
  const set = await openSet(temptation.options);
  try {
    return await temptIn(set, temptation, rounds);
  } finally {
    await set.close();
  }
}

/** In a set that was opened with its options. */
export async function temptIn(set: DetectionSet, { found, tempt: once }: Temptation, rounds: number): Promise<Tempted> {
  let [alarms, seen] = [0, 0];
  for (let number = 1; number <= rounds; ) {
    const atMs = performance.now();
    const isTold = (): boolean =>
      set.followers.some(({ heard }) => heard.some(({ code, heardAtMs }) => code === found && heardAtMs >= atMs));
    const wasMeant = await once(set, async () => {
      await sleep(TEMPTATION_MS);
      if (found !== null) await until(`${found} is told`, () => Promise.resolve(isTold()), FOUND_MS).catch(() => null);
    });
    if (wasMeant) {
      if (firstDeath(set, atMs) !== undefined) alarms += 1;
      if (isTold()) seen += 1;
      number += 1;
    }
    await allIsWell(set);
  }
  return { rounds, alarms, seen };
}
