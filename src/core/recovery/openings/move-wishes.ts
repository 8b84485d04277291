/**
 * Who goes where, for each command, by the tree as it is believed to be. The sentences that users of the incumbent know are
 * kept; what only the servers can say is asked of them by the playbook.
 */
import { addressText, DETACHED } from '../../topology/address.js';
import { type Channel, mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { indexServers, sourceOf, sourceOfChannel } from '../../topology/sources.js';
import { type Belief, directReplicasOf, followersOf, refusal, type Refusal } from '../belief.js';
import { channelTo } from '../channels.js';
import type { MoveCommand, MoveManner } from '../requests/movement.js';

export interface MoveWish {
  readonly command: MoveCommand;
  /** -i: what moves, or whose replicas move. */
  readonly server: ServerId;
  /** -d; null where the command needs none, or none was given. */
  readonly destination: ServerId | null;
  /** Of commands for many: only those whose `host:port` it matches; null: all. */
  readonly pattern: RegExp | null;
  /** Which channel of a server that has several; absent: the one that is meant, if only one can be. */
  readonly channel?: string;
}

/** One server, over one of its channels, to another source. */
export interface Pair {
  readonly server: Server;
  readonly to: Server;
  /** Null: it follows nobody. */
  readonly channel: Channel | null;
}

/** Many: what speaks against one of them is no reason to leave the others. */
export interface Intention {
  readonly manner: MoveManner;
  readonly isMany: boolean;
  /** In order, where they go one after the other. */
  readonly pairs: readonly Pair[];
  /** The server that the record is about. */
  readonly about: Server;
}

interface Asked {
  readonly belief: Belief;
  readonly server: Server;
  /** The channel that was named, or its only one, or its main one. */
  readonly channel: Channel | null;
  /** Nobody has said which of several channels is meant. */
  readonly isOpen: boolean;
  /** Whom it follows over that; null when it follows nobody that is known. */
  readonly source: Server | null;
  readonly destination: Server | null;
  readonly pattern: RegExp | null;
}

type Reading = (asked: Asked) => Intention | Refusal;

const READINGS: Readonly<Record<MoveCommand, Reading>> = {
  relocate: below,
  'move-gtid': below,
  'move-equivalent': below,
  repoint: (asked) => (asked.isOpen ? one(asked, asked.destination ?? asked.server) : below(repointed(asked))),
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
  const { pattern, channel: name } = wish;
  const { channels } = server.facts;
  const channel = name === undefined ? mainChannel(server.facts) : channels.find((one) => one.name === name);
  if (channel === undefined) return noSuchChannel(server, name ?? '');
  const index = indexServers(belief.servers.values());
  const source = name === undefined || channel === null ? sourceOf(index, server) : sourceOfChannel(index, channel);
  const isOpen = name === undefined && channels.length > 1;
  return READINGS[wish.command]({ belief, server, channel, isOpen, source, destination, pattern });
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

/** Without a destination it stays with its source. */
function repointed(asked: Asked): Asked {
  return { ...asked, destination: asked.destination ?? asked.source };
}

function noSuchChannel({ address, facts }: Server, channel: string): Refusal {
  const known = facts.channels.map((one) => `"${one.name}"`).join(', ');
  const text = `${addressText(address)} has no channel "${channel}"`;
  return refusal('unknown-channel', text, known === '' ? 'it replicates from nobody' : `it has ${known}`);
}

function one(asked: Asked, to: Server): Intention | Refusal {
  const { server } = asked;
  const channel = asked.isOpen ? meantFor(asked, to) : asked.channel;
  if (channel !== null && 'code' in channel) return channel;
  return { manner: 'each', isMany: false, pairs: [{ server, to, channel }], about: server };
}

/** Of several channels the only one that comes from where the destination is; who stays is asked which. */
function meantFor({ belief, server }: Asked, to: Server): Channel | Refusal {
  const index = indexServers(belief.servers.values());
  const { channels } = server.facts;
  const near = channels.filter((channel) => sourceOfChannel(index, channel)?.clusterId === to.clusterId);
  const [only, ...more] = to === server ? channels : near;
  if (only !== undefined && more.length === 0) return only;
  const names = channels.map((channel) => `"${channel.name}" from ${addressText(channel.source)}`).join(', ');
  const text = `${name(server)} replicates over several channels (${names}), which are moved one at a time`;
  return refusal('several-channels', text, 'name one of them with --channel (?channel= over HTTP)');
}

function below(asked: Asked): Intention | Refusal {
  return asked.destination === null ? notIndicated(asked.server) : one(asked, asked.destination);
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
function many(
  { belief, server, pattern }: Pick<Asked, 'belief' | 'server' | 'pattern'>,
  to: Server,
): Intention | Refusal {
  const replicas = followersOf(belief, server).filter(({ id }) => id !== to.id);
  const chosen = replicas.filter((replica) => pattern === null || pattern.test(name(replica)));
  if (chosen.length === 0) {
    const which = pattern === null ? '' : ` that matches ${String(pattern)}`;
    return refusal(
      'no-replicas',
      `${name(server)} has no replica${which} to be moved`,
      'look at the tree: -c topology',
    );
  }
  return {
    manner: 'each',
    isMany: true,
    pairs: chosen.map((replica) => ({
      server: replica,
      to,
      channel: channelTo(replica, server) ?? mainChannel(replica.facts),
    })),
    about: server,
  };
}

function up(asked: Asked): Intention | Refusal {
  const { belief, server, source, isOpen } = asked;
  if (isOpen) return one(asked, server);
  if (source === null) return notAReplica(server);
  const above = sourceOf(indexServers(belief.servers.values()), source);
  return above === null ? isTop(source) : one(asked, above);
}

function isTop(source: Server): Refusal {
  const mend = 'there is no server above it; use relocate to go elsewhere';
  return refusal('no-grandparent', `master is not a replica itself: ${name(source)}`, mend);
}

function replicasUp(asked: Asked): Intention | Refusal {
  return asked.source === null ? isTop(asked.server) : many(asked, asked.source);
}

function belowSibling(asked: Asked): Intention | Refusal {
  const { belief, server, source, destination } = asked;
  if (destination === null) return notIndicated(server);
  const other = sourceOf(indexServers(belief.servers.values()), destination);
  if (source !== null && other?.id === source.id) return one(asked, destination);
  const text = `instances are not siblings: ${name(server)}, ${name(destination)}`;
  return refusal('not-siblings', text, 'use relocate, which needs no sibling');
}

function takeSiblings({ belief, server, source, pattern }: Asked): Intention | Refusal {
  if (source === null) return notAReplica(server);
  const found = many({ belief, server: source, pattern }, server);
  return 'code' in found ? refusal('no-replicas', `${name(server)} has no siblings`, '') : { ...found, about: server };
}

/** It goes to where its source hangs, and its source goes below it. */
function takeSource(asked: Asked): Intention | Refusal {
  const { belief, server, source, channel, isOpen } = asked;
  if (isOpen) return one(asked, server);
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
    { server, to: above, channel },
    { server: source, to: server, channel: mainChannel(source.facts) },
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
  if (source.facts.semiSync.sourceEnabled) {
    const text = `${name(source)} asks for semi-sync acknowledgements, and a replica must not ask`;
    const mend = `orchestrator-client -c disable-semi-sync-master -i ${name(source)} --force`;
    return refusal('asks-for-acknowledgements', text, mend);
  }
  return { manner: 'co-primary', isMany: false, pairs: [{ server: source, to: server, channel: null }], about: server };
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
    pairs: replicas.map((replica) => ({
      server: replica,
      to: server,
      channel: channelTo(replica, server) ?? mainChannel(replica.facts),
    })),
    about: server,
  };
}

function detach(asked: Asked): Intention | Refusal {
  const { server, channel } = asked;
  if (channel === null) return notAReplica(server);
  if (!asked.isOpen && isDetached(channel)) {
    const mend = `orchestrator-client -c reattach-replica -i ${name(server)}`;
    return refusal('is-detached', `instance already detached: ${name(server)}`, mend);
  }
  return inPlace(asked, 'detach');
}

function inPlace(asked: Asked, manner: 'detach' | 'reattach'): Intention | Refusal {
  const intention = one(asked, asked.server);
  return 'code' in intention ? intention : { ...intention, manner };
}

function reattach(asked: Asked): Intention | Refusal {
  const { server, channel } = asked;
  if (channel === null) return notAReplica(server);
  if (!asked.isOpen && !isDetached(channel)) {
    const text = `instance does not seem to be detached: ${name(server)}`;
    return refusal('not-detached', text, 'start its replication if it stands');
  }
  return inPlace(asked, 'reattach');
}

function isDetached({ source }: Channel): boolean {
  return source.host.startsWith(DETACHED);
}
