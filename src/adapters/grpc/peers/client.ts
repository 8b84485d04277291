/**
 * Asks all other nodes at once. Whoever is slow or down costs the others nothing, because every answer is handed on as it
 * comes. Addresses are read anew each time: a node that moved is found at its new one.
 */
import type { ChannelCredentials } from '@grpc/grpc-js';
import type { Address } from '../../../core/topology/address.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import type { PeerOpinion, Peers, Watch, WatchListener } from '../../../runtime/ports/peers.js';
import { introduceCaller, type Self } from '../raft/admission.js';
import { PeersChannel } from './channel.js';
import { loadPeersService } from './proto.js';

const TEND_EVERY_MS = 1000;
const LOST_TIMEOUT_MS = 1000;

export interface GrpcPeersOptions {
  readonly self: Self;
  readonly credentials: ChannelCredentials;
  /** `host:port` of every member's gRPC port by node id, as far as it is known; this node's own is passed over. */
  addresses(): ReadonlyMap<string, string>;
  /** Null when none is known. */
  leader(): string | null;
  /** A peer cannot be asked, and why; null when it can again. Once for each change. */
  onTrouble(node: string, reason: string | null): void;
}

export class GrpcPeers implements Peers {
  readonly #options: GrpcPeersOptions;
  readonly #service = loadPeersService();
  readonly #channels = new Map<string, PeersChannel>();
  readonly #tending: NodeJS.Timeout;
  #closed = false;

  constructor(options: GrpcPeersOptions) {
    this.#options = options;
    this.#tending = setInterval(() => {
      this.#tend();
    }, TEND_EVERY_MS);
    this.#tending.unref();
    this.#tend();
  }

  async examine(
    address: Address,
    timeoutMs: number,
    onOpinion: (opinion: PeerOpinion) => void,
  ): Promise<readonly PeerOpinion[]> {
    const asked = [...this.#connect().values()].map(async (channel) => {
      const opinion = await channel.examine(address, timeoutMs);
      if (opinion !== null && !this.#closed) onOpinion(opinion);
      return opinion;
    });
    const opinions = await Promise.all(asked);
    return opinions.filter((opinion) => opinion !== null);
  }

  reportLost(address: Address, reason: string): void {
    const leader = this.#options.leader();
    if (leader !== null) void this.#connect().get(leader)?.lost(address, reason, LOST_TIMEOUT_MS);
  }

  others(): readonly string[] {
    return [...this.#connect().keys()];
  }

  watch(node: string, listener: WatchListener): Watch | null {
    return this.#connect().get(node)?.watch(listener) ?? null;
  }

  close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#tending);
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
    return Promise.resolve();
  }

  #tend(): void {
    for (const channel of this.#connect().values()) channel.tend(monotonicNowMs());
  }

  /** Channels to exactly those who are members now, each at its present address. */
  #connect(): ReadonlyMap<string, PeersChannel> {
    if (this.#closed) return this.#channels;
    const addresses = this.#options.addresses();
    for (const [node, channel] of this.#channels) {
      if (addresses.get(node) === channel.address) continue;
      channel.close();
      this.#channels.delete(node);
    }
    for (const [node, address] of addresses) {
      if (node === this.#options.self.nodeId || address === '' || this.#channels.has(node)) continue;
      this.#channels.set(node, this.#open(node, address));
    }
    return this.#channels;
  }

  #open(node: string, address: string): PeersChannel {
    const { credentials, self, onTrouble } = this.#options;
    return new PeersChannel({
      node,
      address,
      credentials,
      service: this.#service,
      metadata: () => introduceCaller(self),
      onTrouble: (reason) => {
        onTrouble(node, reason);
      },
    });
  }
}
