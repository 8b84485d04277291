/**
 * One run: a cluster, its clients and its faults in simulated time, all from one number. First the storm, checked after
 * every event; then everything is repaired, and the cluster must come to one leader, take a write, and agree.
 */
import { createRng } from '../../../src/core/base/rng.js';
import type { Rng } from '../../../src/core/base/rng.js';
import type { Membership, NodeId } from '../../../src/core/raft/message.js';
import { assemble, leaderAmong } from './assembly.js';
import type { CommittedHistory } from './checks/committed.js';
import { Clients } from './clients.js';
import { Faults } from './faults.js';
import type { Happenings } from './happenings.js';
import { encodeWrite } from './machine.js';
import { Violation } from './observer.js';
import { drawProfile } from './profile.js';
import type { Profile } from './profile.js';
import { inSeason, SEASONS } from './seasons.js';
import type { Season } from './seasons.js';
import { HONEST_SHELL } from './server.js';
import type { Server, Shell, World } from './server.js';

/** Longer than any back-off, a damaged disk's recovery and a chain of membership changes together. */
const HEALING_MS = 15_000;

export interface Outcome {
  readonly committed: number;
  readonly acknowledged: number;
  readonly readsAnswered: number;
  readonly leaders: number;
  readonly happened: Happenings;
}

/** Throws when a check fails. */
export function simulate(seed: number, shell: Shell = HONEST_SHELL, season: Season | null = null): Outcome {
  const rng = createRng(seed);
  const profile = weatherOf(rng, season);
  const { events, network, servers, history, world, watch } = assemble(rng, profile, shell);
  const clients = new Clients(events, rng, profile, servers);
  const faults = new Faults(world, network, servers);
  let leaders = 0;
  watch({
    leads: (leader) => {
      leaders += 1;
      faults.huntLeader(leader);
    },
  });
  clients.start();
  faults.start();
  compactNowAndThen(world, servers);
  while (events.runNext(profile.durationMs));
  world.dangerous = false;
  faults.end();
  heal(world, servers, history);
  clients.check();
  return {
    committed: history.lastIndex,
    acknowledged: clients.acknowledged,
    readsAnswered: clients.readsAnswered,
    leaders,
    happened: world.happened,
  };
}

/** Half of all runs are in a season. */
function weatherOf(rng: Rng, season: Season | null): Profile {
  const profile = drawProfile(rng);
  const drawn = rng.next() < 0.5 ? (SEASONS[rng.integer(SEASONS.length)] ?? null) : null;
  const chosen = season ?? drawn;
  return chosen === null ? profile : inSeason(profile, chosen);
}

function compactNowAndThen(world: World, servers: readonly Server[]): void {
  const next = (): void => {
    for (const one of servers) {
      if (one.machine.index >= one.disk.snapshot.mark.index + world.profile.snapshotEvery) one.takeSnapshot();
    }
    world.events.after(50, next);
  };
  next();
}

/** After the storm: one leader, one more write, and every member has applied it. */
function heal(world: World, servers: readonly Server[], history: CommittedHistory): void {
  const { events } = world;
  const until = events.nowMs + HEALING_MS;
  let goal = Number.POSITIVE_INFINITY;
  const poke = (): void => {
    const leader = servers.find((one) => one.node?.status(one.now).role === 'leader');
    leader?.handle((node) => {
      const proposal = node.propose(encodeWrite('healed', 1), leader.now);
      if (proposal.ok && goal === Number.POSITIVE_INFINITY) goal = history.lastIndex + 1;
    });
    events.after(500, poke);
  };
  poke();
  while (!hasHealed(servers, goal)) {
    if (events.nowMs >= until) throw new Violation(`liveness: ${describe(servers)}`);
    const pause = events.nowMs + 25;
    while (events.runNext(pause));
  }
}

function hasHealed(servers: readonly Server[], goal: number): boolean {
  const leader = leaderAmong(servers);
  const membership = leader?.node?.status(leader.now).membership;
  if (leader === undefined || membership === undefined) return false;
  if (membership.outgoing.length > 0 || leader.machine.index < goal) return false;
  return membersOf(membership).every((id) => servers.some((one) => one.id === id && one.machine.index >= goal));
}

function membersOf({ voters, learners }: Membership): readonly NodeId[] {
  return [...voters, ...learners];
}

function describe(servers: readonly Server[]): string {
  const lines = servers.map((one) => {
    const status = one.node?.status(one.now);
    if (status === undefined) return `${one.id} is down`;
    const { role, term, commit, lastIndex, recovering, membership } = status;
    return `${one.id} ${role}${recovering ? ' recovering' : ''} term ${term} commit ${commit} last ${lastIndex} voters ${membership.voters.join(',')}`;
  });
  return `not healed after ${HEALING_MS} ms: ${lines.join('; ')}`;
}
