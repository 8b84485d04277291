/**
 * Raft's way to its peers over gRPC. Each node opens one stream to each other node and sends its requests there; answers go
 * back on the stream that the question came on, so that a node behind a one-way firewall still counts as a follower.
 * Votes have calls of their own, with deadlines; snapshots have connections of their own.
 */
import { assert } from '../../../core/base/assert.js';
import type { Message, NodeId, SnapshotMark, VoteRequest, VoteResponse } from '../../../core/raft/message.js';
import type { Clock } from '../../../runtime/ports/clock.js';
import type {
  Greeting,
  Introduction,
  PeerHandlers,
  PeerState,
  PeerTransport,
  SnapshotChunk,
  TurnedAway,
} from '../../../runtime/ports/peer-transport.js';
import type { Self } from './admission.js';
import { fromWire, type StreamMessage, toWire } from './convert.js';
import { PeerLink } from './link.js';
import { meetPeer } from './meeting.js';
import { PeerNamesakes } from './namesakes.js';
import { loadPeerService } from './proto.js';
import { PeerServer } from './server.js';
import { fetchChunks } from './snapshot.js';
import {
  loadCredentials,
  type PeerCredentials,
  type PeerPems,
  type PeerTls,
  type RenewableCredentials,
} from './tls.js';
import type { WireMessage } from './wire.js';

export interface GrpcPeerSettings extends Self {
  /** `host:port`; port 0 takes a free one. */
  readonly listenAddress: string;
  readonly tls: PeerTls | null;
}

const NEVER_HEARD_OF: PeerState = { connected: false, trouble: 'not a peer' };

export class GrpcPeerTransport implements PeerTransport {
  readonly #settings: GrpcPeerSettings;
  readonly #clock: Clock;
  readonly #service = loadPeerService();
  readonly #links = new Map<NodeId, PeerLink>();
  readonly #namesakes = new PeerNamesakes();
  #credentials: RenewableCredentials | null = null;
  #server: PeerServer | null = null;
  #handlers: PeerHandlers | null = null;
  #founding = '';

  constructor(settings: GrpcPeerSettings, clock: Clock) {
    this.#settings = { ...settings, founding: () => this.#founding };
    this.#clock = clock;
  }

  get clusterId(): string {
    return this.#settings.clusterId;
  }

  async start(handlers: PeerHandlers): Promise<{ readonly address: string }> {
    this.#handlers = handlers;
    this.#credentials = await loadCredentials(this.#settings.tls);
    this.#server = new PeerServer({ self: this.#settings, clock: this.#clock }, this.#service, this.#namesakes, {
      introduce: () => handlers.introduce(),
      onIntroduced: (introduction) => {
        this.#onIntroduced(introduction);
      },
      onMessages: (from, messages) => {
        this.#deliver(from, messages);
      },
      onVoteRequest: (request) => {
        handlers.onMessages([request]);
      },
      onDisconnected: (peer) => {
        handlers.onDisconnected(peer);
      },
      onRefused: (who, reason) => {
        handlers.onRefused(who, reason);
      },
      readSnapshot: (index, term, offset) => handlers.readSnapshot(index, term, offset),
    });
    return { address: await this.#server.listen(this.#settings.listenAddress, this.#credentials.server) };
  }

  /** For connections that are made from now on. */
  renewCertificates(pems: PeerPems): void {
    this.#credentials?.renew(pems);
  }

  setPeers(addresses: ReadonlyMap<NodeId, string>): void {
    for (const [peer, link] of this.#links) {
      if (addresses.get(peer) === link.address) continue;
      link.close();
      this.#links.delete(peer);
    }
    for (const [peer, address] of addresses) {
      if (peer === this.#settings.nodeId || this.#links.has(peer)) continue;
      this.#links.set(peer, this.#link(peer, address));
    }
  }

  setFounding(founding: string): void {
    if (this.#founding === founding) return;
    this.#founding = founding;
    this.#server?.reconsider();
    for (const link of this.#links.values()) link.reconsider();
  }

  send(messages: readonly Message[]): void {
    const batches = new Map<NodeId, { requests: WireMessage[]; answers: WireMessage[] }>();
    for (const message of messages) {
      if (message.type === 'vote-request') this.#links.get(message.to)?.requestVote(message);
      else if (message.type === 'vote-response') this.#server?.answerVote(message);
      else {
        const batch = batches.get(message.to) ?? { requests: [], answers: [] };
        batches.set(message.to, batch);
        (isAnswer(message) ? batch.answers : batch.requests).push(toWire(message));
      }
    }
    for (const [peer, { requests, answers }] of batches) {
      if (requests.length > 0) this.#links.get(peer)?.send(requests);
      if (answers.length > 0 && this.#server?.send(peer, answers) !== true) this.#links.get(peer)?.send(answers);
    }
  }

  peerState(peer: NodeId): PeerState {
    return this.#links.get(peer)?.state ?? NEVER_HEARD_OF;
  }

  turnedAway(): readonly TurnedAway[] {
    return this.#server?.turnedAway() ?? [];
  }

  async meet(address: string, timeoutMs: number): Promise<Greeting> {
    return await meetPeer(address, this.#means(), timeoutMs);
  }

  fetchSnapshot(from: NodeId, snapshot: SnapshotMark, offset: number): AsyncIterable<SnapshotChunk> {
    const address = this.#links.get(from)?.address ?? snapshot.membership.addresses[from];
    assert(address !== undefined, `no address is known of node ${from}, which offered a snapshot`);
    const source = { address, self: this.#settings, ...this.#means() };
    return fetchChunks(source, { index: snapshot.index, term: snapshot.term, offset });
  }

  close(): Promise<void> {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    this.#server?.close();
    return Promise.resolve();
  }

  #means(): { credentials: PeerCredentials['client']; service: ReturnType<typeof loadPeerService>; clock: Clock } {
    assert(this.#credentials !== null, 'the peer transport was not started');
    return { credentials: this.#credentials.client, service: this.#service, clock: this.#clock };
  }

  #link(peer: NodeId, address: string): PeerLink {
    const handlers = this.#handlers;
    assert(handlers !== null, 'the peer transport was not started');
    return new PeerLink(
      peer,
      address,
      { self: this.#settings, namesakes: this.#namesakes, ...this.#means() },
      {
        introduce: () => handlers.introduce(),
        onIntroduced: (introduction) => {
          handlers.onIntroduced(introduction);
        },
        onMessages: (messages) => {
          this.#deliver(peer, messages);
        },
        onVote: (response: VoteResponse) => {
          if (isBetween(response, peer, this.#settings.nodeId)) handlers.onMessages([response]);
        },
        onDisconnected: () => {
          handlers.onDisconnected(peer);
        },
        onRefused: (reason) => {
          handlers.onRefused(`node ${peer}`, reason);
        },
      },
    );
  }

  #onIntroduced(introduction: Introduction): void {
    this.#links.get(introduction.info.id)?.hurry();
    this.#handlers?.onIntroduced(introduction);
  }

  /** What another node says in a peer's name, or to someone else, is not passed on. */
  #deliver(from: NodeId, wires: readonly WireMessage[]): void {
    const messages: StreamMessage[] = [];
    for (const wire of wires) {
      const message = fromWire(wire);
      if (message !== null && isBetween(message, from, this.#settings.nodeId)) messages.push(message);
    }
    if (messages.length > 0) this.#handlers?.onMessages(messages);
  }
}

function isBetween(message: Message, from: NodeId, to: NodeId): boolean {
  return message.from === from && message.to === to;
}

function isAnswer(message: Exclude<Message, VoteRequest | VoteResponse>): boolean {
  switch (message.type) {
    case 'append-response':
    case 'heartbeat-response':
    case 'snapshot-response':
    case 'read-index-response':
      return true;
    case 'append-request':
    case 'heartbeat-request':
    case 'snapshot-request':
    case 'timeout-now':
    case 'read-index-request':
      return false;
  }
}
