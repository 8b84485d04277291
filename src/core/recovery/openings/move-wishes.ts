/**
 * Who goes where, for each command, by the tree as it is believed to be. The sentences that users of the incumbent know are
 * kept; what only the servers can say is asked of them by the playbook.
 */
import { addressText, DETACHED } from '../../topology/address.js';
import { mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { indexServers, sourceOf } from '../../topology/sources.js';
import { type Belief, directReplicasOf, refusal, type Refusal } from '../belief.js';
import type { MoveCommand, MoveManner } from '../movement.js';

export interface MoveWish {
  readonly command: MoveCommand;
  /** -i: what moves, or whose replicas move. */
  readonly server: ServerId;
  /** -d; null where the command needs none, or none was given. */
  readonly destination: ServerId | null;
  /** Of commands for many: only those whose `host:port` it matches; null: all. */
  readonly pattern: RegExp | null;
}

/** Many: what speaks against one of them is no reason to leave the others. */
export interface Intention {
  readonly manner: MoveManner;
  readonly isMany: boolean;
  /** In order, where they go one after the other. */
  readonly pairs: readonly { readonly server: Server; readonly to: Server }[];
  /** The server that the record is about. */
  readonly about: Server;
}

interface Asked {
  readonly belief: Belief;
  readonly server: Server;
  /** Whom it follows; null when it follows nobody that is known. */
  readonly source: Server | null;
  readonly destination: Server | null;
  readonly pattern: RegExp | null;
}

type Reading = (asked: Asked) => Intention | Refusal;

const READINGS: Readonly<Record<MoveCommand, Reading>> = {
  relocate: below,
  'move-gtid': below,
  'move-equivalent': below,
  repoint: ({ server, source, destination, ...asked }) =>
    below({ ...asked, server, source, destination: destination ?? source }),
  'relocate-replicas': replicasBelow,
  'move-replicas-gtid': replicasBelow,
  'move-up': up,
  'move-up-replicas': replicasUp,
  'move-below': belowSibling,
  'repoint-replicas': (asked) => many(asked, asked.server),
  'take-siblings': takeSiblings,
  'take-master': takeSource,
  'make-co-master': makeCoPrimary,
  'regroup-replicas': regroup,
  'regroup-replicas-gtid': regroup,
  'detach-replica': detach,
  'reattach-replica': reattach,
};

export function intentionOf(belief: Belief, wish: MoveWish): Intention | Refusal {
  const server = belief.servers.get(wish.server);
  if (server === undefined) return unknown(wish.server);
  const destination = wish.destination === null ? null : (belief.servers.get(wish.destination) ?? undefined);
  if (destination === undefined) return unknown(wish.destination ?? wish.server);
  const source = sourceOf(indexServers(belief.servers.values()), server);
  return READINGS[wish.command]({ belief, server, source, destination, pattern: wish.pattern });
}

function unknown(server: ServerId): Refusal {
  return refusal(
    'unknown-server',
    `server ${server} is not known`,
    'discover it: orchestrator-client -c discover -i HOST:PORT',
  );
}

function name({ address }: Server): string {
  return addressText(address);
}

function one(server: Server, to: Server): Intention {
  return { manner: 'each', isMany: false, pairs: [{ server, to }], about: server };
}

function below({ server, destination }: Asked): Intention | Refusal {
  return destination === null ? notIndicated(server) : one(server, destination);
}

function notIndicated(server: Server): Refusal {
  return refusal(
    'not-indicated',
    `it is not said where ${name(server)} is to go`,
    'name the other server with -d HOST:PORT',
  );
}

function notAReplica(server: Server): Refusal {
  return refusal('not-a-replica', `instance is not a replica: ${name(server)}`, 'name a server that replicates');
}

function replicasBelow(asked: Asked): Intention | Refusal {
  return asked.destination === null ? notIndicated(asked.server) : many(asked, asked.destination);
}

/** All its replicas but the destination itself, as far as the pattern matches. */
function many({ belief, server, pattern }: Asked, to: Server): Intention | Refusal {
  const replicas = directReplicasOf(belief, server).filter(({ id }) => id !== to.id);
  const chosen = replicas.filter((replica) => pattern === null || pattern.test(name(replica)));
  if (chosen.length === 0) {
    const which = pattern === null ? '' : ` that matches ${String(pattern)}`;
    return refusal(
      'no-replicas',
      `${name(server)} has no replica${which} to be moved`,
      'look at the tree: -c topology',
    );
  }
  return { manner: 'each', isMany: true, pairs: chosen.map((replica) => ({ server: replica, to })), about: server };
}

function up({ belief, server, source }: Asked): Intention | Refusal {
  if (source === null) return notAReplica(server);
  const above = sourceOf(indexServers(belief.servers.values()), source);
  return above === null ? isTop(source) : one(server, above);
}

function isTop(source: Server): Refusal {
  const mend = 'there is no server above it; use relocate to go elsewhere';
  return refusal('no-grandparent', `master is not a replica itself: ${name(source)}`, mend);
}

function replicasUp(asked: Asked): Intention | Refusal {
  return asked.source === null ? isTop(asked.server) : many(asked, asked.source);
}

function belowSibling({ belief, server, source, destination }: Asked): Intention | Refusal {
  if (destination === null) return notIndicated(server);
  const other = sourceOf(indexServers(belief.servers.values()), destination);
  if (source !== null && other?.id === source.id) return one(server, destination);
  const text = `instances are not siblings: ${name(server)}, ${name(destination)}`;
  return refusal('not-siblings', text, 'use relocate, which needs no sibling');
}

function takeSiblings({ belief, server, source, pattern }: Asked): Intention | Refusal {
  if (source === null) return notAReplica(server);
  const found = many({ belief, server: source, source: null, destination: null, pattern }, server);
  return 'code' in found ? refusal('no-replicas', `${name(server)} has no siblings`, '') : { ...found, about: server };
}

/** It goes to where its source hangs, and its source goes below it. */
function takeSource({ belief, server, source }: Asked): Intention | Refusal {
  if (source === null) return notAReplica(server);
  const above = sourceOf(indexServers(belief.servers.values()), source);
  if (above?.id === server.id) {
    return refusal('is-co-primary', `${name(source)} is co-master. Cannot take it.`, 'use graceful-master-takeover');
  }
  if (above === null) {
    const mend = `orchestrator-client -c graceful-master-takeover -i ${name(source)} -d ${name(server)}`;
    return refusal('is-primary', `${name(source)} is the master of its cluster: to take it is a takeover`, mend);
  }
  const pairs = [
    { server, to: above },
    { server: source, to: server },
  ];
  return { manner: 'in-order', isMany: false, pairs, about: server };
}

function makeCoPrimary({ belief, server, source }: Asked): Intention | Refusal {
  if (source === null) return notAReplica(server);
  const above = sourceOf(indexServers(belief.servers.values()), source);
  if (above?.id === server.id) {
    const text = `instance ${name(server)} is already co master of ${name(source)}`;
    return refusal('is-co-primary', text, 'nothing is left to do');
  }
  const known = above ?? mainChannel(source.facts)?.source ?? null;
  if (known !== null) {
    const text = `${name(source)} is not a real master; it replicates from: ${'id' in known ? name(known) : addressText(known)}`;
    return refusal('not-the-primary', text, 'name a replica of the primary itself');
  }
  if (!server.facts.readOnly) {
    const text = `instance ${name(server)} is not read-only; first make it read-only before making it co-master`;
    return refusal('not-read-only', text, `orchestrator-client -c set-read-only -i ${name(server)}`);
  }
  return { manner: 'co-primary', isMany: false, pairs: [{ server: source, to: server }], about: server };
}

/** The pairs say who takes part; who leads is not known yet. */
function regroup({ belief, server }: Asked): Intention | Refusal {
  const replicas = directReplicasOf(belief, server);
  if (replicas.length === 0) {
    return refusal('no-replicas', `${name(server)} has no replica to be regrouped`, 'look at the tree: -c topology');
  }
  return {
    manner: 'regroup',
    isMany: true,
    pairs: replicas.map((replica) => ({ server: replica, to: server })),
    about: server,
  };
}

function detach({ server }: Asked): Intention | Refusal {
  if (mainChannel(server.facts) === null) return notAReplica(server);
  if (isDetached(server)) {
    const mend = `orchestrator-client -c reattach-replica -i ${name(server)}`;
    return refusal('is-detached', `instance already detached: ${name(server)}`, mend);
  }
  return { ...one(server, server), manner: 'detach' };
}

function reattach({ server }: Asked): Intention | Refusal {
  if (mainChannel(server.facts) === null) return notAReplica(server);
  if (!isDetached(server)) {
    const text = `instance does not seem to be detached: ${name(server)}`;
    return refusal('not-detached', text, 'start its replication if it stands');
  }
  return { ...one(server, server), manner: 'reattach' };
}

function isDetached({ facts }: Server): boolean {
  return mainChannel(facts)?.source.host.startsWith(DETACHED) === true;
}
