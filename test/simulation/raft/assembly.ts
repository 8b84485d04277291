/** A simulated cluster, put together: servers with clocks, a network between them, and every check watching. */
import type { Rng } from '../../../src/core/base/rng.js';
import type { NodeId } from '../../../src/core/raft/message.js';
import { CommittedHistory } from './checks/committed.js';
import { electionSafety } from './checks/election-safety.js';
import { freshReads } from './checks/fresh-reads.js';
import { holdsApplied } from './checks/holds-applied.js';
import { oneLease } from './checks/lease.js';
import { logMatching } from './checks/log-matching.js';
import { witness } from './checks/witness.js';
import { Clock } from './clock.js';
import { EventQueue } from './event-queue.js';
import { Happenings } from './happenings.js';
import { membershipOf } from './membership-plans.js';
import { Network } from './network.js';
import type { Check } from './observer.js';
import type { Profile } from './profile.js';
import { Server } from './server.js';
import type { Shell, World } from './server.js';

export interface Assembly {
  readonly events: EventQueue;
  readonly network: Network;
  readonly servers: readonly Server[];
  readonly history: CommittedHistory;
  readonly world: World;
  /** More eyes. */
  readonly watch: (check: Check<Server>) => void;
}

/** All servers are up; nothing has happened yet. */
export function assemble(rng: Rng, profile: Profile, shell: Shell): Assembly {
  const events = new EventQueue();
  const servers: Server[] = [];
  const byId = new Map<NodeId, Server>();
  const server = (id: NodeId): Server => {
    const found = byId.get(id);
    if (found === undefined) throw new Error(`no server ${id}`);
    return found;
  };
  const happened = new Happenings();
  const network = new Network(events, rng, profile, happened, (message) => {
    const to = server(message.to);
    to.handle((node) => node.step(message, to.now));
  });
  const history = new CommittedHistory();
  const checks: Check<Server>[] = [electionSafety(), logMatching(), history, freshReads(history), holdsApplied()];
  checks.push(
    oneLease(() => servers),
    witness(happened, () => servers),
  );
  const send: World['send'] = (message) => network.send(message);
  const world: World = { events, rng, profile, shell, server, checks, happened, send, dangerous: true };
  const ids = Array.from({ length: profile.voters + profile.spares }, (_, index) => `n${index + 1}` as NodeId);
  const first = membershipOf(ids.slice(0, profile.voters), []);
  for (const [index, id] of ids.entries()) {
    const clock = new Clock(1 + profile.drift * (2 * rng.next() - 1), 1e6 * rng.next());
    const one = new Server(world, id, clock, index < profile.voters ? first : membershipOf([], []));
    servers.push(one);
    byId.set(id, one);
    one.start();
  }
  return { events, network, servers, history, world, watch: (check) => void checks.push(check) };
}

/** The one that leads; undefined when none does, or two believe they do. */
export function leaderAmong(servers: readonly Server[]): Server | undefined {
  const leading = servers.filter((one) => !one.paused && one.node?.status(one.now).role === 'leader');
  return leading.length === 1 ? leading[0] : undefined;
}
