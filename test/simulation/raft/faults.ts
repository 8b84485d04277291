/**
 * What goes wrong in a run: a list of faults, one of which strikes every now and then, and a way to end them all. A cluster
 * that lost its disks for good cannot be expected to heal, so only one disk is damaged at a time.
 */
import type { Rng } from '../../../src/core/base/rng.js';
import { assertDefined } from '../../../src/core/base/assert.js';
import type { Disk } from './disk.js';
import type { EventQueue } from './event-queue.js';
import type { Happenings } from './happenings.js';
import { randomMembership } from './membership-plans.js';
import type { Network } from './network.js';
import { FAULT_KINDS } from './profile.js';
import type { FaultKind, Profile } from './profile.js';
import type { Server, World } from './server.js';

export class Faults {
  readonly #events: EventQueue;
  readonly #rng: Rng;
  readonly #happened: Happenings;
  readonly #network: Network;
  readonly #profile: Profile;
  readonly #servers: readonly Server[];
  /** False: it could not strike, and did not. */
  readonly #kinds: Readonly<Record<FaultKind, () => unknown>> = {
    heal: () => this.#network.heal(),
    crash: () => this.#crash(this.#anyone()),
    crashLeader: () => this.#crash(this.#leader()),
    bounce: () => this.#bounce(),
    pause: () => this.#pause(),
    leap: () => this.#leap(),
    cutCable: () => this.#cutCable(this.#leader()),
    cutPair: () => this.#cutPair(),
    deafen: () => this.#deafen(),
    split: () => this.#split(),
    failDisk: () => this.#failDisk(),
    slowDisk: () => this.#slowDisk(),
    breakStream: () => this.#breakStream(),
    transfer: () => this.#transfer(),
    transferToSleeper: () => this.#transferToSleeper(),
    changeMembership: () => this.#changeMembership(),
    damageDisk: () => this.#damageDisk((disk) => disk.tear(1 + this.#rng.integer(5))),
    loseDisk: () => this.#damageDisk((disk) => disk.lose()),
  };
  #over = false;

  constructor({ events, rng, profile, happened }: World, network: Network, servers: readonly Server[]) {
    this.#events = events;
    this.#rng = rng;
    this.#happened = happened;
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

  /** In some runs every new leader is hunted down, mostly before it has finished what it began. */
  huntLeader(server: Server): void {
    if (this.#over || this.#rng.next() >= this.#profile.huntShare) return;
    const lifeMs = this.#rng.next() < 0.5 ? 0 : 60 * this.#rng.next() ** 2;
    const die = (): void => {
      // At once means: its first entry is on disk, and nobody has heard of it.
      server.crash(lifeMs === 0);
      for (const other of this.#servers) if (this.#rng.next() < 0.9) this.#streamBreaks(other, server, 5);
      this.#events.after(20 + 400 * this.#rng.next(), () => server.start());
    };
    if (lifeMs === 0) die();
    else this.#events.after(lifeMs, die);
  }

  /** Everything works from now on. */
  end(): void {
    this.#over = true;
    this.#network.calm = true;
    this.#network.heal();
    for (const server of this.#servers) {
      server.slowDisk = false;
      server.resume();
      server.repairDisk();
      server.start();
    }
  }

  #strike(): void {
    const { faults } = this.#profile;
    let lot = this.#rng.next() * FAULT_KINDS.reduce((sum, kind) => sum + faults[kind], 0);
    for (const kind of FAULT_KINDS) {
      lot -= faults[kind];
      if (lot >= 0) continue;
      if (this.#kinds[kind]() !== false) this.#happened.note(`fault: ${kind}`);
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
    const kind = (['suspended', 'noticed', 'unnoticed'] as const)[this.#rng.integer(3)] ?? 'noticed';
    server.pause(kind);
    this.#events.after(1500 * this.#rng.next() ** 2, () => server.resume());
  }

  #leap(): boolean {
    const server = this.#anyone();
    if (server.paused) return false;
    server.clock.leap(1000 * this.#rng.next() ** 2);
    server.handle((node) => node.clockJumped(server.now));
    return true;
  }

  /** A process dies and is back at once, before anyone has drawn conclusions. */
  #bounce(): void {
    const server = this.#anyone();
    server.crash();
    this.#events.after(30 * this.#rng.next(), () => server.start());
  }

  /** To the others this looks as if the process had died; it has not, and acts on. */
  #cutCable(server: Server): void {
    const noticed = this.#rng.next() < 0.8;
    for (const other of this.#servers) {
      if (this.#rng.next() < 0.15) continue;
      this.#network.cut(server.id, other.id);
      this.#network.cut(other.id, server.id);
      if (noticed) this.#streamBreaks(other, server, 20);
    }
    if (this.#rng.next() < 0.5) this.#events.after(400 * this.#rng.next(), () => this.#network.heal());
  }

  /** Two who cannot talk while both talk to a third: the lot of clusters over three sites. */
  #cutPair(): void {
    const one = this.#rng.next() < 0.7 ? this.#leader() : this.#anyone();
    const other = this.#anyone();
    this.#network.cut(one.id, other.id);
    if (this.#rng.next() < 0.6) this.#network.cut(other.id, one.id);
  }

  #deafen(): void {
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

  #failDisk(): boolean {
    const server = this.#anyone();
    if (server.diskBroken) return false;
    server.failDisk();
    this.#events.after(1500 * this.#rng.next(), () => server.repairDisk());
    return true;
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

  #transfer(): boolean {
    const leader = this.#leader();
    const target = this.#anyone();
    let accepted = false;
    leader.handle((node) => {
      accepted = node.transferLeadership(target.id, leader.now).ok;
    });
    return accepted;
  }

  /** The one who is told to take over wakes up when everybody has forgotten. */
  #transferToSleeper(): boolean {
    const leader = this.#leader();
    const target = this.#anyone();
    if (target === leader || !target.up) return false;
    let accepted = false;
    target.pause('unnoticed');
    leader.handle((node) => {
      accepted = node.transferLeadership(target.id, leader.now).ok;
    });
    this.#network.cut(target.id, leader.id);
    this.#events.after(2 * this.#profile.options.electionTimeoutMs * this.#rng.next(), () => target.resume());
    return accepted;
  }

  #changeMembership(): boolean {
    const leader = this.#leader();
    let accepted = false;
    leader.handle((node) => {
      const ids = this.#servers.map(({ id }) => id);
      const next = randomMembership(this.#rng, ids, this.#profile.damage ? 3 : 1);
      accepted = node.proposeMembership(next, leader.now).ok;
    });
    if (!accepted) return false;
    // Before the first entry of the change is committed, between the two, or soon after: where changes go wrong.
    const lot = this.#rng.next();
    if (lot < 0.3) this.#crashBetweenEntries(leader, 300);
    else if (lot < 0.5)
      this.#events.after(60 * this.#rng.next(), () => leader.up && !this.#over && this.#crash(leader));
    return true;
  }

  /** As soon as the joint membership is committed; `looks` is for how many milliseconds it is waited for. */
  #crashBetweenEntries(leader: Server, looks: number): void {
    this.#events.after(1, () => {
      const { node } = leader;
      if (this.#over || node === null) return;
      if (node.committedMembership().membership.outgoing.length > 0) this.#crash(leader);
      else if (looks > 0) this.#crashBetweenEntries(leader, looks - 1);
    });
  }

  #damageDisk(damage: (disk: Disk) => void): boolean {
    if (!this.#profile.damage || this.#servers.some(({ disk }) => disk.damaged)) return false;
    const server = this.#anyone();
    server.crash();
    damage(server.disk);
    this.#events.after((this.#rng.next() < 0.5 ? 50 : 1000) * this.#rng.next(), () => server.start());
    return server.disk.damaged;
  }

  #anyone(): Server {
    return assertDefined(this.#servers[this.#rng.integer(this.#servers.length)], 'a simulation has servers');
  }

  #leader(): Server {
    const leading = this.#servers.filter((server) => server.node?.status(server.now).role === 'leader');
    return leading[this.#rng.integer(Math.max(1, leading.length))] ?? this.#anyone();
  }
}
