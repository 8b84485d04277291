/**
 * Sharing the probing with the other nodes: what this one sees is told to them, what they see is heard, and who looks at
 * what follows from who is there. The probing loop itself only learns the list, and what others saw.
 */
import { type Address, addressText } from '../../core/topology/address.js';
import type { Participant } from '../../core/topology/assignment.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Clock } from '../ports/clock.js';
import type { PeerFeed, Peers } from '../ports/peers.js';
import { Feed, FEED_PACE } from './feed.js';
import { Listening } from './listening.js';
import { RosterKeeper } from './roster-keeper.js';
import type { News } from './sightings.js';

export interface SharingParts {
  readonly self: Participant;
  readonly clock: Clock;
  readonly peers: Pick<Peers, 'others' | 'watch'>;
  /** How long a node that starts waits for a leader to say who takes part; 0 for one that is alone. */
  readonly startGraceMs: number;
  ranSince(atMs: number): boolean;
  assign(nodes: readonly Participant[]): void;
  hear(result: ProbeResult, by: string): void;
  log(level: 'debug' | 'info' | 'warn', text: string): void;
}

export class Sharing {
  readonly #feed: Feed;
  readonly #listening: Listening;
  readonly #keeper: RosterKeeper;

  constructor(parts: SharingParts) {
    const { clock, self, peers, log } = parts;
    this.#keeper = new RosterKeeper({
      clock,
      self,
      startGraceMs: parts.startGraceMs,
      heard: () => this.#listening.heard,
      onChange: ({ nodes }) => {
        log('debug', `the probing is shared by ${nodes.map(({ id }) => id).join(', ') || 'nobody yet'}`);
        parts.assign(nodes);
      },
      onDecided: () => {
        this.#feed.rosterChanged();
      },
    });
    this.#feed = new Feed({
      clock,
      pace: FEED_PACE,
      dataCenter: self.dataCenter,
      roster: () => this.#keeper.decided,
    });
    this.#listening = new Listening({
      clock,
      peers,
      log,
      ranSince: (atMs) => parts.ranSince(atMs),
      onLook: (result, by) => {
        parts.hear(result, by);
      },
      onRoster: (roster, by) => {
        this.#keeper.hear(roster, by);
      },
      onHeard: () => {
        this.#keeper.noticeHeard();
      },
    });
  }

  /** What peers that watch this node are told. */
  get feed(): PeerFeed {
    return this.#feed;
  }

  start(): void {
    this.#keeper.start();
    this.#listening.start();
  }

  stop(): void {
    this.#listening.stop();
    this.#keeper.stop();
    this.#feed.stop();
  }

  lead(term: number): void {
    this.#keeper.lead(term);
  }

  follow(): void {
    this.#keeper.follow();
  }

  noticeNews({ result, isOwn }: News): void {
    if (isOwn) this.#feed.tell(result);
  }

  forget(address: Address): void {
    this.#feed.forget(addressText(address));
  }
}
