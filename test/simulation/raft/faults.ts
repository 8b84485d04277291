/**
 * What goes wrong in a run: a list of faults, one of which strikes every now and then, and a way to end them all. A cluster
 * that lost its disks for good cannot be expected to heal, so only one disk is damaged at a time.
 */
import type { Rng } from '../../../src/core/base/rng.js';
import { assertDefined } from '../../../src/core/base/assert.js';
import type { EventQueue } from './event-queue.js';
import { randomMembership } from './membership-plans.js';
import type { Network } from './network.js';
import type { Profile } from './profile.js';
import type { Server } from './server.js';

export class Faults {
  readonly #events: EventQueue;
  readonly #rng: Rng;
  readonly #network: Network;
  readonly #profile: Profile;
  readonly #servers: readonly Server[];
  #over = false;

  constructor(events: EventQueue, rng: Rng, network: Network, profile: Profile, servers: readonly Server[]) {
    this.#events = events;
    this.#rng = rng;
    this.#network = network;
    this.#profile = profile;
    this.#servers = servers;
  }

  start(): void {
    this.#events.after(2 * this.#profile.faultEveryMs * this.#rng.next(), () => {
      if (this.#over) return;
      this.#strike();
      this.start();
    });
  }

  /** Everything works from now on. */
  end(): void {
    this.#over = true;
    this.#network.calm = true;
    this.#network.heal();
    for (const server of this.#servers) {
      server.slowDisk = false;
      server.resume(true);
      server.repairDisk();
      server.start();
    }
  }

  #strike(): void {
    const faults: [number, () => void][] = [
      [5, () => this.#crash(this.#anyone())],
      [3, () => this.#crash(this.#leader())],
      [3, () => this.#pause()],
      [2, () => this.#leap()],
      [3, () => this.#isolate(this.#leader())],
      [3, () => this.#cutOneWay()],
      [2, () => this.#split()],
      [6, () => this.#network.heal()],
      [3, () => this.#failDisk()],
      [2, () => this.#slowDisk()],
      [4, () => this.#breakStream()],
      [3, () => this.#transfer()],
      [5, () => this.#changeMembership()],
      [2, () => this.#damageDisk()],
    ];
    let lot = this.#rng.integer(faults.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, strike] of faults) {
      lot -= weight;
      if (lot >= 0) continue;
      strike();
      return;
    }
  }

  #crash(server: Server): void {
    server.crash();
    for (const other of this.#servers) {
      // The kernel closes a dead process's streams: mostly at once, sometimes nobody hears.
      if (this.#rng.next() < 0.8) this.#streamBreaks(other, server, 5);
    }
    this.#events.after(2000 * this.#rng.next() ** 2, () => server.start());
  }

  #pause(): void {
    const server = this.#rng.next() < 0.5 ? this.#leader() : this.#anyone();
    if (!server.up) return;
    server.paused = true;
    const lengthMs = 1500 * this.#rng.next() ** 2;
    const suspended = this.#rng.next() < 0.3;
    this.#events.after(lengthMs, () => {
      // A suspended machine's clock stood still; only a process that is told can know.
      if (suspended && server.paused) server.clock.standStill(lengthMs);
      server.resume(suspended || this.#rng.next() < 0.5);
    });
  }

  #leap(): void {
    const server = this.#anyone();
    if (server.paused) return;
    server.clock.leap(1000 * this.#rng.next() ** 2);
    server.handle((node) => node.clockJumped(server.now));
  }

  #isolate(server: Server): void {
    for (const other of this.#servers) {
      this.#network.cut(server.id, other.id);
      this.#network.cut(other.id, server.id);
    }
  }

  #cutOneWay(): void {
    this.#network.cut(this.#anyone().id, this.#anyone().id);
    if (this.#rng.next() < 0.5) return;
    const deaf = this.#anyone();
    for (const other of this.#servers) this.#network.cut(other.id, deaf.id);
  }

  #split(): void {
    const left = this.#servers.filter(() => this.#rng.next() < 0.5);
    for (const one of left) {
      for (const other of this.#servers) {
        if (left.includes(other)) continue;
        this.#network.cut(one.id, other.id);
        this.#network.cut(other.id, one.id);
      }
    }
  }

  #failDisk(): void {
    const server = this.#anyone();
    if (server.diskBroken) return;
    server.failDisk();
    this.#events.after(1500 * this.#rng.next(), () => server.repairDisk());
  }

  #slowDisk(): void {
    const server = this.#anyone();
    server.slowDisk = true;
    this.#events.after(1500 * this.#rng.next(), () => {
      server.slowDisk = false;
    });
  }

  /** A stream breaks and comes back: evidence that means nothing. */
  #breakStream(): void {
    const server = this.#rng.next() < 0.6 ? this.#leader() : this.#anyone();
    for (const other of this.#servers) {
      if (this.#rng.next() < 0.5) this.#streamBreaks(other, server, 50);
    }
  }

  #streamBreaks(at: Server, to: Server, withinMs: number): void {
    if (at === to) return;
    this.#events.after(withinMs * this.#rng.next(), () => at.handle((node) => node.peerDisconnected(to.id, at.now)));
  }

  #transfer(): void {
    const leader = this.#leader();
    const target = this.#anyone();
    leader.handle((node) => node.transferLeadership(target.id, leader.now));
  }

  #changeMembership(): void {
    const leader = this.#leader();
    leader.handle((node) => {
      const ids = this.#servers.map(({ id }) => id);
      node.proposeMembership(randomMembership(this.#rng, ids, this.#profile.damage ? 3 : 1), leader.now);
    });
  }

  #damageDisk(): void {
    if (!this.#profile.damage || this.#servers.some(({ disk }) => disk.damaged)) return;
    const server = this.#anyone();
    server.crash();
    server.disk.tear(1 + this.#rng.integer(5));
    this.#events.after(1000 * this.#rng.next(), () => server.start());
  }

  #anyone(): Server {
    return assertDefined(this.#servers[this.#rng.integer(this.#servers.length)], 'a simulation has servers');
  }

  #leader(): Server {
    const leading = this.#servers.filter((server) => server.node?.status(server.now).role === 'leader');
    return leading[this.#rng.integer(Math.max(1, leading.length))] ?? this.#anyone();
  }
}
