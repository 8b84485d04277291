/**
 * Consul. Each key carries in its flags the place in the log at which its value was true (pair-store.ts), and is written
 * under the index that was read with it: a former leader that writes late finds another index than the one it read, or
 * later flags, and gives way. All keys of a cluster are written when one of them changes, so that the index of each moves.
 */
import type { Pair } from '../../core/recovery/telling/publication.js';
import { OperationalError } from '../../runtime/errors.js';
import {
  isLater,
  type PairStore,
  stampNumber,
  type StampedPairs,
  type Written,
} from '../../runtime/ports/pair-store.js';
import { ask, type StoreReply, unexpected } from './requests.js';

export interface ConsulOptions {
  /** `host:port` */
  readonly address: string;
  readonly scheme: 'http' | 'https';
  /** '' when there is none. */
  readonly token: string;
  /** Keys of one cluster, or of several, in one transaction. False: key by key. */
  readonly transactions: boolean;
  readonly operationsMax: number;
  readonly everyDatacenter: boolean;
}

interface Entry {
  readonly value: string;
  readonly flags: number;
  readonly index: number;
}

type Entries = ReadonlyMap<string, Entry>;

/** Somebody wrote between the reading and the writing, so often in a row. */
const TRIES = 5;
/** From so many clusters on, everything below the prefix is read at once. */
const READ_APART_MAX = 4;

export class ConsulStore implements PairStore {
  readonly name: string;
  readonly #options: ConsulOptions;

  constructor(options: ConsulOptions) {
    this.#options = options;
    this.name = `Consul at ${options.address}`;
  }

  async write(all: readonly StampedPairs[], confirm: () => Promise<void>): Promise<readonly Written[]> {
    if (!this.#options.everyDatacenter) return await this.#writeIn(null, all, confirm);
    const datacenters = await this.#datacenters();
    const told = await Promise.allSettled(datacenters.map((dc) => this.#writeIn(dc, all, confirm)));
    const failed = told.find((one) => one.status === 'rejected');
    // The others have been told: what is tried again finds nothing to do there.
    if (failed !== undefined) throw failed.reason;
    const done = told.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    return all.map((_, at) => worst(done.map((written) => written[at] ?? 'unchanged')));
  }

  async #datacenters(): Promise<readonly string[]> {
    const reply = await this.#ask('GET', '/v1/catalog/datacenters', {});
    if (reply.status !== 200) throw unexpected(`${this.name}: its data centres`, reply);
    return JSON.parse(reply.body) as string[];
  }

  async #writeIn(
    dc: string | null,
    all: readonly StampedPairs[],
    confirm: () => Promise<void>,
  ): Promise<readonly Written[]> {
    const outcomes = new Map<StampedPairs, Written>();
    let left = all;
    for (let tries = 0; left.length > 0; tries++) {
      if (tries === TRIES) throw new OperationalError('PAIR_STORE', `${this.name}: somebody else writes the same keys`);
      const entries = await this.#read(dc, left);
      const due: StampedPairs[] = [];
      for (const one of left) {
        const standing = standingOf(one, entries);
        if (standing === 'due') due.push(one);
        else outcomes.set(one, standing);
      }
      if (due.length > 0) await confirm();
      const written = await this.#put(dc, due, entries);
      for (const one of written) outcomes.set(one, 'written');
      left = due.filter((one) => !written.has(one));
    }
    return all.map((one) => outcomes.get(one) ?? 'unchanged');
  }

  async #read(dc: string | null, all: readonly StampedPairs[]): Promise<Entries> {
    const keys = all.map(keyOf);
    const roots = keys.length > READ_APART_MAX ? [sharedFolder(keys)] : keys;
    const replies = await Promise.all(
      roots.map((root) => this.#ask('GET', `/v1/kv/${encodeKey(root)}`, { recurse: 'true', ...inDatacenter(dc) })),
    );
    const entries = new Map<string, Entry>();
    for (const reply of replies) {
      if (reply.status === 404) continue;
      if (reply.status !== 200) throw unexpected(`${this.name}: reading`, reply);
      for (const { Key, Value, Flags, ModifyIndex } of JSON.parse(reply.body) as ConsulEntry[]) {
        const value = Value === null ? '' : Buffer.from(Value, 'base64').toString('utf8');
        entries.set(Key, { value, flags: Flags, index: ModifyIndex });
      }
    }
    return entries;
  }

  /** Those that were written whole; the others met somebody who wrote at the same time. */
  async #put(dc: string | null, due: readonly StampedPairs[], entries: Entries): Promise<ReadonlySet<StampedPairs>> {
    const { transactions, operationsMax } = this.#options;
    const written = new Set<StampedPairs>();
    for (const group of transactions ? grouped(due, operationsMax) : due.map((one) => [one])) {
      const isWritten = transactions
        ? await this.#transaction(dc, group, entries)
        : await this.#keyByKey(dc, group, entries);
      if (isWritten) for (const one of group) written.add(one);
    }
    return written;
  }

  async #keyByKey(dc: string | null, group: readonly StampedPairs[], entries: Entries): Promise<boolean> {
    for (const { pair, flags } of group.flatMap(flagged)) {
      const cas = String(entries.get(pair.key)?.index ?? 0);
      const query = { cas, flags: String(flags), ...inDatacenter(dc) };
      const reply = await this.#ask('PUT', `/v1/kv/${encodeKey(pair.key)}`, query, pair.value);
      if (reply.status !== 200) throw unexpected(`${this.name}: writing ${pair.key}`, reply);
      if (reply.body.trim() !== 'true') return false;
    }
    return true;
  }

  async #transaction(dc: string | null, group: readonly StampedPairs[], entries: Entries): Promise<boolean> {
    const operations = group.flatMap(flagged).map(({ pair, flags }) => ({
      KV: {
        Verb: 'cas',
        Key: pair.key,
        Value: Buffer.from(pair.value).toString('base64'),
        Flags: flags,
        Index: entries.get(pair.key)?.index ?? 0,
      },
    }));
    const reply = await this.#ask('PUT', '/v1/txn', inDatacenter(dc), JSON.stringify(operations));
    if (reply.status === 409) return false;
    if (reply.status !== 200) throw unexpected(`${this.name}: writing ${group.map(keyOf).join(', ')}`, reply);
    return true;
  }

  async #ask(
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<StoreReply> {
    const { scheme, address, token } = this.#options;
    const search = new URLSearchParams(query).toString();
    return await ask(`${scheme}://${address}${path}${search === '' ? '' : `?${search}`}`, {
      method,
      headers: token === '' ? {} : { 'X-Consul-Token': token },
      ...(body === undefined ? {} : { body }),
    });
  }
}

interface ConsulEntry {
  readonly Key: string;
  readonly Value: string | null;
  readonly Flags: number;
  readonly ModifyIndex: number;
}

function keyOf({ pairs }: StampedPairs): string {
  return pairs[0]?.key ?? '';
}

function flagged({ pairs, stamp }: StampedPairs): readonly { readonly pair: Pair; readonly flags: number }[] {
  const flags = stampNumber(stamp);
  return pairs.map((pair) => ({ pair, flags }));
}

function standingOf({ pairs, stamp, anew }: StampedPairs, entries: Entries): Written | 'due' {
  const found = pairs.map(({ key }) => entries.get(key));
  if (!anew && pairs.every(({ value }, at) => found[at]?.value === value)) return 'unchanged';
  return found.some((entry) => entry !== undefined && isLater(entry.flags, stamp)) ? 'superseded' : 'due';
}

function grouped(all: readonly StampedPairs[], operationsMax: number): readonly (readonly StampedPairs[])[] {
  const groups: StampedPairs[][] = [];
  let operations = Number.POSITIVE_INFINITY;
  for (const one of all) {
    if (operations + one.pairs.length > operationsMax) {
      groups.push([]);
      operations = 0;
    }
    groups[groups.length - 1]?.push(one);
    operations += one.pairs.length;
  }
  return groups;
}

/** Up to the last slash that all have in common. */
function sharedFolder(keys: readonly string[]): string {
  const [first = ''] = keys;
  let length = first.length;
  for (const key of keys) while (!key.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, first.lastIndexOf('/', length) + 1);
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

function inDatacenter(dc: string | null): Readonly<Record<string, string>> {
  return dc === null ? {} : { dc };
}

function worst(all: readonly Written[]): Written {
  if (all.includes('superseded')) return 'superseded';
  return all.includes('written') ? 'written' : 'unchanged';
}
