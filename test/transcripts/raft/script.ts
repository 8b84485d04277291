/**
 * The commands of a transcript. Each line does one thing and prints what can be seen of it: messages as they arrive, what the
 * nodes report, what was applied. The time stands still unless a command says otherwise.
 *
 *     cluster a b c [learners d]    nodes, all fresh       timeout a       the election timer of a runs out
 *     leader a                      elected, not shown     quietly 900     time goes by, only events are shown
 *     settle                        carry out everything   pass 100        that many milliseconds go by
 *     ask b                         a pre-vote request in b's name, though b itself would not send one yet
 *     propose a x y                 one entry each         read a 7        a linearizable read, numbered
 *     slow-disk a / sync a          writes wait / are done crash a / start a
 *     cut a b / cut a / heal        links between nodes    disconnect b a  b sees its stream to a break
 *     transfer a b                  members a b c [learners d] by x
 *     compact a 5                   snapshot up to 5       install a       the snapshot a was told to fetch is there
 *     fail-disk a / repair-disk a   clock-jump a           status [a]      lease a      log a
 */
import type { NodeId, SnapshotMark } from '../../../src/core/raft/message.js';
import { Cluster, emptyDisk, membership } from '../../core/raft/cluster.js';
import { describeEntries, describeMessage, describeStatus } from './describe.js';

type Command = (words: readonly string[]) => void;

export class Script {
  #cluster: Cluster | null = null;
  #output: string[] = [];
  #applied = new Map<string, number>();
  readonly #commands: Readonly<Record<string, Command>> = {
    cluster: (words) => this.#begin(words),
    settle: () => this.#world.settle(),
    pass: ([ms]) => this.#world.pass(Number(ms)),
    timeout: ([name = '']) => this.#timeout(name),
    leader: ([name = '']) => this.#lead(name),
    quietly: ([ms]) => this.#quietly(() => this.#world.pass(Number(ms))),
    ask: ([name = '']) => this.#ask(name),
    propose: ([name = '', ...payloads]) => this.#propose(name, payloads),
    read: ([name = '', context]) => this.#world.node(name).readIndex(Number(context), this.#world.now),
    'slow-disk': ([name = '']) => void (this.#world.seat(name).autoSync = false),
    sync: ([name = '']) => this.#world.sync(name),
    crash: ([name = '']) => this.#world.crash(name),
    start: ([name = '']) => this.#world.revive(name),
    cut: ([one = '', other]) => this.#cut(one, other),
    heal: () => this.#world.heal(),
    disconnect: ([at = '', to]) => this.#world.node(at).peerDisconnected(to as NodeId, this.#world.now),
    transfer: ([from = '', to]) =>
      this.#proposal(this.#world.node(from).transferLeadership(to as NodeId, this.#world.now)),
    members: (words) => this.#members(words),
    compact: ([name = '', index]) => this.#compact(name, Number(index)),
    install: ([name = '']) => this.#install(name),
    'fail-disk': ([name = '']) => this.#failDisk(name),
    'repair-disk': ([name = '']) => this.#world.node(name).storageRecovered(this.#world.now),
    'clock-jump': ([name = '']) => this.#world.node(name).clockJumped(this.#world.now),
    status: ([name]) => this.#status(name),
    lease: ([name = '']) => this.#lease(name),
    log: ([name = '']) => this.#say(`${name} has on disk ${describeEntries(this.#world.seat(name).disk.entries)}`),
  };

  /** Runs one line and returns what it printed. */
  run(line: string): string {
    const [name = '', ...words] = line.split(' ').filter(Boolean);
    const command = this.#commands[name];
    if (command === undefined) throw new Error(`no such command: ${line}`);
    this.#output = [];
    command(words);
    this.#sayApplied();
    return this.#output.join('\n');
  }

  get #world(): Cluster {
    if (this.#cluster === null) throw new Error('a transcript begins with "cluster"');
    return this.#cluster;
  }

  #say(line: string): void {
    this.#output.push(line);
  }

  #begin(words: readonly string[]): void {
    const { voters, learners } = split(words);
    const cluster = new Cluster(membership(voters, learners), `${voters} ${learners}`.trim());
    cluster.onDelivery = (message, arrives) => this.#say(`  ${describeMessage(message)}${arrives ? '' : ' (lost)'}`);
    cluster.onReady = (name, ready) => {
      for (const { text } of ready.events) this.#say(`${name}: ${text}`);
      for (const { context, index } of ready.reads) {
        this.#say(`${name} answers read ${context}: ${index === null ? 'ask again' : `at ${index}`}`);
      }
      if (ready.fetchSnapshot !== null) this.#say(`${name} is to fetch snapshot ${ready.fetchSnapshot.snapshot.index}`);
      if (ready.logReset !== null) this.#say(`${name} starts its log anew after ${ready.logReset.index}`);
    };
    this.#cluster = cluster;
  }

  #timeout(name: string): void {
    const world = this.#world;
    world.now = Math.max(world.now, world.node(name).nextDeadline());
    world.node(name).tick(world.now);
  }

  #lead(name: string): void {
    this.#quietly(() => {
      this.#timeout(name);
      this.#world.settle();
    });
    this.#output = [];
    for (const [id, { applied }] of this.#world.seats) this.#applied.set(id, applied.length);
  }

  #ask(name: string): void {
    const { seats, now, wire } = this.#world;
    const { node, disk } = this.#world.seat(name);
    const { id: from, term, lastIndex } = node.status(now);
    const lastTerm = disk.entries.at(-1)?.term ?? 0;
    for (const to of seats.keys()) {
      if (to === name) continue;
      const request = { type: 'vote-request', from, to: to as NodeId, term: term + 1, preVote: true } as const;
      wire.push({ ...request, transfer: false, lastIndex, lastTerm });
    }
  }

  #quietly(what: () => void): void {
    const before = this.#world.onDelivery;
    this.#world.onDelivery = () => undefined;
    what();
    this.#world.onDelivery = before;
  }

  #propose(name: string, payloads: readonly string[]): void {
    for (const payload of payloads) {
      this.#proposal(this.#world.node(name).propose(new TextEncoder().encode(payload), this.#world.now));
    }
  }

  #members(words: readonly string[]): void {
    const by = words.indexOf('by');
    const { voters, learners } = split(words.slice(0, by));
    const world = this.#world;
    const next = membership(voters, learners);
    for (const id of [...next.voters, ...next.learners]) {
      if (!world.seats.has(id)) world.boot(id, emptyDisk(membership('')));
    }
    this.#proposal(world.node(words[by + 1] ?? '').proposeMembership(next, world.now));
  }

  #proposal(answer: { readonly ok: boolean; readonly index?: number; readonly refusal?: string }): void {
    this.#say(answer.ok ? `taken as entry ${String(answer.index)}` : `refused: ${String(answer.refusal)}`);
  }

  #cut(one: string, other: string | undefined): void {
    if (other === undefined) this.#world.isolate(one);
    else this.#world.cutBoth(one, other);
  }

  #compact(name: string, index: number): void {
    const { node, disk } = this.#world.seat(name);
    const term = disk.entries.find((entry) => entry.index === index)?.term ?? 0;
    const mark: SnapshotMark = { index, term, membership: node.membershipAt(index) };
    disk.snapshot = mark;
    disk.entries = disk.entries.filter((entry) => entry.index > index);
    node.snapshotTaken(mark, index + 1);
  }

  #install(name: string): void {
    const { fetching, node } = this.#world.seat(name);
    if (fetching === null) throw new Error(`${name} was not told to fetch anything`);
    node.snapshotInstalled(fetching, this.#world.now);
  }

  #failDisk(name: string): void {
    const seat = this.#world.seat(name);
    seat.unsynced = [];
    seat.node.storageFailed(this.#world.now);
  }

  #status(name: string | undefined): void {
    for (const [id, seat] of this.#world.seats) {
      if (name !== undefined && name !== id) continue;
      this.#say(seat.down ? `${id} is down` : describeStatus(seat.node.status(this.#world.now)));
    }
  }

  #lease(name: string): void {
    const { term, until } = this.#world.node(name).lease();
    const left = until - this.#world.now;
    this.#say(left > 0 ? `${name} holds the lease of term ${term} for ${left} ms` : `${name} holds no lease`);
  }

  #sayApplied(): void {
    for (const [id, { applied }] of this.#world.seats) {
      const fresh = applied.slice(Math.min(this.#applied.get(id) ?? 0, applied.length));
      this.#applied.set(id, applied.length);
      if (fresh.length > 0) this.#say(`${id} applies ${describeEntries(fresh)}`);
    }
  }
}

function split(words: readonly string[]): { readonly voters: string; readonly learners: string } {
  const at = words.indexOf('learners');
  if (at < 0) return { voters: words.join(' '), learners: '' };
  return { voters: words.slice(0, at).join(' '), learners: words.slice(at + 1).join(' ') };
}
