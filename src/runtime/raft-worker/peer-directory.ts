/**
 * Who the other nodes are (as they said themselves) and where the transport looks for them (as the log says). A node that
 * was removed is kept in reach for a moment, so that it hears of its removal and does not stand for election for ever.
 */
import { membersOf } from '../../core/raft/membership.js';
import type { Membership, NodeId } from '../../core/raft/message.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { NodeInfo, PeerTransport } from '../ports/peer-transport.js';

const FAREWELL_MS = 3000;

export class PeerDirectory {
  readonly #self: NodeInfo;
  readonly #transport: PeerTransport;
  readonly #clock: Clock;
  readonly #known = new Map<NodeId, NodeInfo>();
  #addresses: ReadonlyMap<NodeId, string> = new Map();
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

  /** Of all members but this node. */
  get addresses(): ReadonlyMap<NodeId, string> {
    return this.#addresses;
  }

  /** True: something new was learnt. */
  met(info: NodeInfo): boolean {
    if (info.id === this.#self.id || sameInfo(info, this.#known.get(info.id))) return false;
    this.#known.set(info.id, info);
    return true;
  }

  follow(membership: Membership): void {
    const addresses = new Map<NodeId, string>();
    for (const id of membersOf(membership)) {
      const address = membership.addresses[id];
      if (address !== undefined && id !== this.#self.id) addresses.set(id, address);
    }
    this.#farewell?.cancel();
    this.#transport.setPeers(new Map([...this.#addresses, ...addresses]));
    this.#addresses = addresses;
    this.#farewell = this.#clock.setTimer(FAREWELL_MS, () => {
      this.#transport.setPeers(addresses);
    });
  }

  close(): void {
    this.#farewell?.cancel();
  }
}

function sameInfo(one: NodeInfo, other: NodeInfo | undefined): boolean {
  return (
    one.raftAddress === other?.raftAddress &&
    one.httpAddress === other.httpAddress &&
    one.grpcAddress === other.grpcAddress &&
    one.version === other.version
  );
}
