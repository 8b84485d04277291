/**
 * Who the other nodes are (as they said themselves) and where the transport looks for them. The log says where each member
 * was when its address was committed; a node that came up elsewhere since says so when it introduces itself, and is looked
 * for there from then on, because without it there may be no majority that could commit its new address. Who cannot be
 * reached is looked for where others say that they find it.
 *
 * A node that was removed is kept in reach for a moment, so that it hears of its removal and does not stand for election
 * for ever.
 */
import { membersOf } from '../../core/raft/membership.js';
import type { Membership, NodeId } from '../../core/raft/message.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { KnownCluster, NodeInfo, PeerTransport } from '../ports/peer-transport.js';

const FAREWELL_MS = 3000;

export class PeerDirectory {
  readonly #self: NodeInfo;
  readonly #transport: PeerTransport;
  readonly #clock: Clock;
  readonly #known = new Map<NodeId, NodeInfo>();
  /** By the log. */
  #committed: ReadonlyMap<NodeId, string> = new Map();
  /** Said after the log did. */
  readonly #moved = new Map<NodeId, string>();
  /** Left out of the membership, and still in reach. */
  #leaving: ReadonlyMap<NodeId, string> = new Map();
  #farewell: Timer | null = null;

  constructor(self: NodeInfo, transport: PeerTransport, clock: Clock) {
    this.#self = self;
    this.#transport = transport;
    this.#clock = clock;
    this.#known.set(self.id, self);
  }

  get infos(): readonly NodeInfo[] {
    return [...this.#known.values()];
  }

  /** Where each member but this node is looked for. */
  get addresses(): ReadonlyMap<NodeId, string> {
    return new Map([...this.#committed].map(([id, address]) => [id, this.#moved.get(id) ?? address]));
  }

  /** A peer has said this of itself. True: something new was learnt. */
  met(info: NodeInfo): boolean {
    if (info.id === this.#self.id) return false;
    this.#move(info.id, info.raftAddress);
    if (sameInfo(info, this.#known.get(info.id))) return false;
    this.#known.set(info.id, info);
    return true;
  }

  /** A peer has said where it finds the others; believed of those that cannot be reached where they were looked for. */
  heard({ addresses }: KnownCluster): void {
    for (const [name, address] of Object.entries(addresses)) {
      const id = name as NodeId;
      if (id !== this.#self.id && !this.#transport.peerState(id).connected) this.#move(id, address);
    }
  }

  follow(membership: Membership): void {
    const committed = new Map<NodeId, string>();
    for (const id of membersOf(membership)) {
      const address = membership.addresses[id];
      if (address === undefined || id === this.#self.id) continue;
      committed.set(id, address);
      // Told once and out of reach since: the log may have learnt something later.
      const isNews = this.#committed.get(id) !== address && !this.#transport.peerState(id).connected;
      if (isNews || this.#moved.get(id) === address) this.#moved.delete(id);
    }
    this.#leaving = new Map([...this.addresses].filter(([id]) => !committed.has(id)));
    this.#committed = committed;
    this.#farewell?.cancel();
    this.#farewell = this.#clock.setTimer(FAREWELL_MS, () => {
      this.#leaving = new Map();
      this.#tellTransport();
    });
    this.#tellTransport();
  }

  close(): void {
    this.#farewell?.cancel();
  }

  #move(id: NodeId, address: string): void {
    if (address === '' || !this.#committed.has(id)) return;
    const before = this.addresses.get(id);
    if (address === this.#committed.get(id)) this.#moved.delete(id);
    else this.#moved.set(id, address);
    if (before !== address) this.#tellTransport();
  }

  #tellTransport(): void {
    this.#transport.setPeers(new Map([...this.#leaving, ...this.addresses]));
  }
}

function sameInfo(one: NodeInfo, other: NodeInfo | undefined): boolean {
  return (
    one.raftAddress === other?.raftAddress &&
    one.httpAddress === other.httpAddress &&
    one.grpcAddress === other.grpcAddress &&
    one.version === other.version &&
    one.schema === other.schema
  );
}
