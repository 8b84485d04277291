/**
 * Keeps the key-value stores at what the log says of the primaries, on the leader: the moment a new primary is open, when a
 * cluster gets another name, and once a minute whatever was changed there by others. The store of these nodes is written
 * through the log, where nothing of a former leader is committed; the stores outside have stamps (ports/pair-store.ts).
 *
 * Nothing waits for it but, for a moment, the hooks that follow a failover, because they may rely on it.
 */
import type { KeyValueContent } from '../../core/ledger/key-value/store.js';
import type { KeyValueWrite } from '../../core/ledger/key-value/write.js';
import type { LedgerState } from '../../core/ledger/state.js';
import { type Pair, pairsOf, publishableOf } from '../../core/recovery/telling/publication.js';
import type { StepOutcome } from '../../core/recovery/step.js';
import { addressText } from '../../core/topology/address.js';
import type { ClusterId, ServerId } from '../../core/topology/server.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { HostAddressBook } from '../ports/host-addresses.js';
import type { Log } from '../ports/log.js';
import type { Authority } from '../ports/mysql.js';
import type { PairStore, StampedPairs, Written } from '../ports/pair-store.js';
import type { Publishing } from '../ports/publishing.js';
import type { Proposal } from '../replicated-ledger.js';
import { StoreFeed } from './store-feed.js';

export interface PublisherParts {
  readonly clock: Clock;
  readonly ledger: {
    readonly state: LedgerState;
    readonly keyValue: KeyValueContent;
    readonly readyTerm: number | null;
    propose(proposal: Proposal): Promise<unknown>;
    proposeWrites(writes: readonly KeyValueWrite[]): Promise<unknown>;
  };
  /** Those to begin with; see `useStores`. */
  readonly stores: readonly PairStore[];
  /** KVClusterMasterPrefix, looked up at each use. */
  readonly prefix: string;
  readonly addresses: HostAddressBook;
  authorityFor(term: number): Authority;
  readonly log: Log;
}

const CHECK_MS = 60_000;
/** As long as hooks wait for stores that do not answer. */
const PATIENCE_MS = 5_000;
/** So long after a promotion a new leader writes anew what stands there: the former one may be about to write, too. */
const RECENT_MS = 600_000;

interface Waiter {
  readonly cluster: ClusterId;
  readonly primary: ServerId;
  readonly left: Set<string>;
  readonly done: (lines: readonly string[]) => void;
  readonly lines: string[];
}

export class Publisher implements Publishing {
  readonly #parts: PublisherParts;
  #stores: readonly PairStore[];
  #feeds: readonly StoreFeed[];
  readonly #seen = new Map<ClusterId, unknown>();
  /** Changed, and perhaps not to be published yet. */
  readonly #changed = new Set<ClusterId>();
  readonly #waiters = new Set<Waiter>();
  readonly #troubles = new Map<string, string>();
  #timer: Timer | null = null;
  /** One after the other: what was read later is written later. */
  #ownWrites: Promise<unknown> = Promise.resolve();

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#stores = parts.stores;
    this.#feeds = parts.stores.map((store) => this.#feedOf(store));
  }

  get reachesOut(): boolean {
    return this.#stores.length > 0;
  }

  /**
   * Others from now on, or the same under another prefix. What stands in those of before stays there, and nobody goes on
   * waiting for them; the new ones are told of every cluster.
   */
  useStores(stores: readonly PairStore[]): void {
    for (const feed of this.#feeds) feed.stop();
    this.#troubles.clear();
    this.#stores = stores;
    this.#feeds = stores.map((store) => this.#feedOf(store));
    for (const waiter of this.#waiters) waiter.done(waiter.lines);
    if (this.#parts.ledger.readyTerm === null) return;
    for (const feed of this.#feeds) feed.start();
    this.#check();
  }

  /** This node leads and has applied all that was committed before. */
  lead(): void {
    const { state } = this.#parts.ledger;
    for (const feed of this.#feeds) feed.start();
    this.#seen.clear();
    for (const [id, cluster] of state.clusters) this.#seen.set(id, cluster);
    const recent = [...state.recoveries.values()].filter(
      ({ promotion, closedAtMs }) => promotion !== null && (closedAtMs ?? state.nowMs) > state.nowMs - RECENT_MS,
    );
    for (const { clusterId } of recent) this.#changed.add(clusterId);
    this.#check();
    this.noticeApplied();
  }

  follow(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#changed.clear();
    for (const feed of this.#feeds) feed.stop();
    for (const waiter of this.#waiters) waiter.done(waiter.lines);
  }

  /** Entries were applied, or a snapshot restored. */
  noticeApplied(): void {
    const { state, readyTerm } = this.#parts.ledger;
    if (readyTerm === null) return;
    for (const [id, cluster] of state.clusters) {
      if (this.#seen.get(id) === cluster) continue;
      this.#seen.set(id, cluster);
      this.#changed.add(id);
    }
    if (this.#changed.size === 0) return;
    const due = publishableOf(state, this.#changed).map(({ clusterId }) => clusterId);
    if (due.length === 0) return;
    for (const id of due) this.#changed.delete(id);
    this.#publish(due, true);
  }

  async published(cluster: ClusterId, primary: ServerId): Promise<StepOutcome> {
    const { clock, log } = this.#parts;
    const stores = this.#stores;
    if (stores.length === 0) return { ok: true, findings: {} };
    let timer: Timer | null = null;
    const waiter = { cluster, primary, left: new Set(stores.map(({ name }) => name)), lines: [] as string[] };
    const lines = await new Promise<readonly string[]>((resolve) => {
      const done = (told: readonly string[]): void => {
        this.#waiters.delete(whole);
        timer?.cancel();
        resolve(told);
      };
      const whole: Waiter = { ...waiter, done };
      this.#waiters.add(whole);
      timer = clock.setTimer(PATIENCE_MS, () => {
        done(waiter.lines);
      });
      this.#publish([cluster], false);
    });
    if (waiter.left.size === 0) return { ok: true, findings: { text: lines.join('; '), lines } };
    const missing = [...waiter.left].map((name) => this.#troubles.get(name) ?? `${name} has not answered yet`);
    log.warn({ cluster }, `hooks do not wait any longer for the key-value stores: ${missing.join('; ')}`);
    const error = `${missing.join('; ')}; it is tried until it is done`;
    return { ok: false, code: 'limit', error, retriable: false, lines };
  }

  /** Writes what the stores should hold, whether or not they hold it; of one cluster, or of all. */
  async submit(only: ClusterId | null): Promise<readonly Pair[]> {
    const { state } = this.#parts.ledger;
    const ids = only === null ? [...state.clusters.keys()] : [only];
    const stamped = await this.#read(new Map(ids.map((id) => [id, true])));
    await this.#writeOwn(stamped);
    for (const feed of this.#feeds) feed.want(stamped.keys(), true);
    return [...stamped.values()].flatMap(({ pairs }) => pairs);
  }

  /** Once a minute. */
  #check(): void {
    const { clock, ledger } = this.#parts;
    this.#timer?.cancel();
    this.#timer = clock.setTimer(CHECK_MS, () => {
      if (ledger.readyTerm !== null) this.#check();
    });
    this.#publish([...ledger.state.clusters.keys()], false);
  }

  #publish(clusters: readonly ClusterId[], anew: boolean): void {
    for (const feed of this.#feeds) feed.want(clusters, anew);
    this.#read(new Map(clusters.map((id) => [id, anew])))
      .then((stamped) => this.#writeOwn(stamped))
      .catch((error: unknown) => {
        this.#parts.log.info({ err: error }, 'the names of primaries in the own key-value store are written later');
      });
  }

  async #read(clusters: ReadonlyMap<ClusterId, boolean>): Promise<ReadonlyMap<ClusterId, StampedPairs>> {
    const { ledger, prefix, addresses } = this.#parts;
    const found = publishableOf(ledger.state, new Set(clusters.keys()));
    const hosts = new Map(found.map(({ address }) => [address.host, { ipv4: '', ipv6: '' }]));
    await Promise.all([...hosts.keys()].map(async (host) => hosts.set(host, await addresses.addressesOf(host))));
    // Asked again, because it took a moment: what is written was true at the place in the log that it is stamped with.
    const now = publishableOf(ledger.state, new Set(clusters.keys()));
    const { founding, index } = ledger.state;
    return new Map(
      now.map((one): [ClusterId, StampedPairs] => [
        one.clusterId,
        {
          pairs: pairsOf(prefix, one, hosts.get(one.address.host) ?? { ipv4: '', ipv6: '' }),
          stamp: { founding: founding ?? '', epoch: one.epoch, index },
          anew: clusters.get(one.clusterId) === true,
        },
      ]),
    );
  }

  /** In the log only when something is different: a check that finds all well writes nothing. */
  async #writeOwn(stamped: ReadonlyMap<ClusterId, StampedPairs>): Promise<void> {
    const before = this.#ownWrites;
    const writing = before.then(() => this.#writeDifferent(stamped));
    this.#ownWrites = writing.catch(() => undefined);
    await writing;
  }

  async #writeDifferent(stamped: ReadonlyMap<ClusterId, StampedPairs>): Promise<void> {
    const { ledger } = this.#parts;
    if (ledger.readyTerm === null) return;
    const different = [...stamped.values()]
      .flatMap(({ pairs }) => pairs)
      .filter(({ key, value }) => ledger.keyValue.entries.get(key)?.value !== value);
    if (different.length === 0) return;
    await ledger.proposeWrites(different.map(({ key, value }): KeyValueWrite => ({ kind: 'put', key, value })));
  }

  #feedOf(store: PairStore): StoreFeed {
    const { clock, ledger, authorityFor, log } = this.#parts;
    return new StoreFeed({
      store,
      clock,
      read: (clusters) => this.#read(clusters),
      confirm: async () => {
        const authority = authorityFor(ledger.readyTerm ?? -1);
        await authority.confirm();
        authority.assertLease();
      },
      onTold: (cluster, told, written, tookMs) => {
        this.#tell(store, cluster, told, written, tookMs);
      },
      onTrouble: (trouble) => {
        const before = this.#troubles.get(store.name) ?? null;
        if (trouble === null) this.#troubles.delete(store.name);
        else this.#troubles.set(store.name, trouble);
        if (trouble === null) log.info({}, `${store.name} takes the names of primaries again`);
        else if (trouble !== before)
          log.warn({}, `the names of primaries are not written yet, and tried again: ${trouble}`);
      },
    });
  }

  #tell(store: PairStore, cluster: ClusterId, told: StampedPairs, written: Written, tookMs: number): void {
    const { log, ledger } = this.#parts;
    const [{ key, value } = { key: '', value: '' }] = told.pairs;
    const sentence = {
      unchanged: `${store.name} has ${key} = ${value}`,
      written: `${store.name}: ${key} = ${value}, written in ${String(Math.round(tookMs))} ms`,
      superseded: `${store.name}: a later leader has written ${key}; nothing was changed`,
    }[written];
    if (written === 'written') {
      log.info({ cluster }, sentence);
      this.#note(cluster, sentence);
    } else if (written === 'superseded') log.warn({ cluster }, sentence);
    const primary = ledger.state.clusters.get(cluster)?.primary;
    for (const waiter of this.#waiters) {
      if (waiter.cluster !== cluster || !waiter.left.has(store.name)) continue;
      // What was read before the promotion is not what is waited for.
      if (waiter.primary === primary && !isOf(ledger.state, waiter.primary, value)) continue;
      waiter.left.delete(store.name);
      waiter.lines.push(sentence);
      if (waiter.left.size === 0) waiter.done(waiter.lines);
    }
  }

  #note(cluster: ClusterId, text: string): void {
    this.#parts.ledger
      .propose({ kind: 'noted', server: null, clusterId: cluster, topic: 'published', text })
      .catch((error: unknown) => {
        this.#parts.log.debug({ err: error }, 'that a primary was published was not noted');
      });
  }
}

function isOf(state: LedgerState, server: ServerId, value: string): boolean {
  const known = state.servers.get(server);
  return known !== undefined && addressText(known.address) === value;
}
