/**
 * How long a cluster is without a leader, in simulated time on a quick network: after the leader's process died (its streams
 * break at once), after it was stopped (nothing breaks, there is only silence), and in a planned transfer.
 */
import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/core/base/rng.js';
import { DEFAULT_RAFT_OPTIONS } from '../../../src/core/raft/options.js';
import { assemble, leaderAmong } from './assembly.js';
import type { Assembly } from './assembly.js';
import { encodeWrite } from './machine.js';
import { drawProfile } from './profile.js';
import type { Profile } from './profile.js';
import { HONEST_SHELL } from './server.js';
import type { Server } from './server.js';

const RUNS = 60;

function quickNetwork(seed: number, voters: number): Assembly {
  const rng = createRng(seed);
  const profile: Profile = {
    ...drawProfile(rng),
    ...{ voters, spares: 0, lossShare: 0, duplicateShare: 0, delayMsMin: 0.1, delayMsMax: 1, inOrder: true },
    ...{ syncMsMax: 2, crashShare: 0, drift: 0, options: DEFAULT_RAFT_OPTIONS },
  };
  return assemble(rng, profile, HONEST_SHELL);
}

function runUntil(assembly: Assembly, done: () => boolean): void {
  const { events } = assembly;
  const until = events.nowMs + 30_000;
  while (!done()) if (!events.runNext(until)) throw new Error('it does not come about');
}

/** From the blow until a write that came after it is committed. */
function gapMs(
  seed: number,
  voters: number,
  strike: (leader: Server, others: readonly Server[], a: Assembly) => void,
): number {
  const assembly = quickNetwork(seed, voters);
  const { events, servers, history } = assembly;
  runUntil(assembly, () => leaderAmong(servers) !== undefined && history.lastIndex > 0);
  const write = (): void => {
    const leader = leaderAmong(servers);
    leader?.handle((node) => node.propose(encodeWrite('key', events.nowMs), leader.now));
    events.after(5, write);
  };
  write();
  const until = events.nowMs + 500 + 200 * assembly.world.rng.next();
  while (events.runNext(until));
  const leader = leaderAmong(servers);
  if (leader === undefined) throw new Error('no leader to strike');
  const struckMs = events.nowMs;
  const term = leader.node?.status(leader.now).term ?? 0;
  strike(
    leader,
    servers.filter((other) => other !== leader),
    assembly,
  );
  const isBack = (): boolean =>
    servers.some((one) => one.machine.term > term && one !== leader && one.node?.status(one.now).role === 'leader');
  runUntil(assembly, isBack);
  return events.nowMs - struckMs;
}

function gaps(strike: Parameters<typeof gapMs>[2]): { readonly median: number; readonly worst: number } {
  const all = Array.from({ length: RUNS }, (_, run) => gapMs(run, run % 2 === 0 ? 3 : 5, strike));
  const sorted = all.sort((left, right) => left - right);
  return { median: sorted[RUNS / 2] ?? Number.NaN, worst: sorted.at(-1) ?? Number.NaN };
}

describe('without a leader', () => {
  test('after its process died: what is left of a promise and a little more', () => {
    const { median, worst } = gaps((leader, others, { events, world }) => {
      leader.crash();
      // A stream ends after the last that was said on it.
      for (const other of others) {
        events.after(1 + 3 * world.rng.next(), () =>
          other.handle((node) => node.peerDisconnected(leader.id, other.now)),
        );
      }
    });
    expect(median).toBeLessThan(150);
    expect(worst).toBeLessThan(250);
  });

  test('after it was stopped: an election timeout', () => {
    const { median, worst } = gaps((leader) => leader.pause('unnoticed'));
    expect(median).toBeLessThan(800);
    expect(worst).toBeLessThan(1500);
  });

  test('in a transfer: hardly at all', () => {
    const { median, worst } = gaps((leader, [target]) => {
      leader.handle((node) => target && node.transferLeadership(target.id, leader.now));
    });
    expect(median).toBeLessThan(20);
    expect(worst).toBeLessThan(100);
  });
});
