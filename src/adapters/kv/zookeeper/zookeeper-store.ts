/**
 * ZooKeeper. Below each cluster's node stands one of ours, `epoch`, with the place in the log at which the values were true
 * (pair-store.ts). It is changed in one transaction with them, under the version that was read with it: a former leader that
 * writes late finds a later place or another version, and gives way.
 */
import { OperationalError } from '../../../runtime/errors.js';
import {
  isLater,
  type PairStore,
  stampNumber,
  type StampedPairs,
  type Written,
} from '../../../runtime/ports/pair-store.js';
import { type Change, type NodeData, ZookeeperSession } from './zookeeper-session.js';

/** Somebody wrote between the reading and the writing, so often in a row. */
const TRIES = 5;

export class ZookeeperStore implements PairStore {
  readonly name: string;
  readonly #servers: readonly string[];

  /** `host:port`, separated by commas. */
  constructor(addresses: string) {
    this.name = `ZooKeeper at ${addresses}`;
    this.#servers = addresses
      .split(',')
      .map((server) => server.trim())
      .filter((server) => server !== '');
  }

  async write(all: readonly StampedPairs[], confirm: () => Promise<void>): Promise<readonly Written[]> {
    const session = await this.#open();
    try {
      const outcomes: Written[] = [];
      for (const one of all) outcomes.push(await this.#writeOne(session, one, confirm));
      return outcomes;
    } finally {
      session.close();
    }
  }

  /** The first of the servers that answers. */
  async #open(): Promise<ZookeeperSession> {
    let failure: unknown = new OperationalError('PAIR_STORE', 'ZkAddress names no server');
    for (const server of this.#servers) {
      try {
        return await ZookeeperSession.open(server);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #writeOne(session: ZookeeperSession, one: StampedPairs, confirm: () => Promise<void>): Promise<Written> {
    const wanted = wantedNodes(one);
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await Promise.all(wanted.map(({ path }) => session.read(path)));
      const [epoch = null, ...pairs] = found;
      const values = one.pairs.map(({ value }) => value);
      if (!one.anew && pairs.every((node, at) => node?.data === values[at])) return 'unchanged';
      if (epoch !== null && isLater(placeIn(epoch), one.stamp)) return 'superseded';
      await confirm();
      if (found.includes(null))
        await makeParents(
          session,
          wanted.map(({ path }) => path),
        );
      if (await session.transact(changesFor(wanted, found))) return 'written';
    }
    throw new OperationalError('PAIR_STORE', `${this.name}: somebody else writes ${one.pairs[0]?.key ?? ''}`);
  }
}

interface Wanted {
  readonly path: string;
  readonly data: string;
}

/** The guard first. */
function wantedNodes({ pairs, stamp }: StampedPairs): readonly Wanted[] {
  const nodes = pairs.map(({ key, value }) => ({ path: `/${key}`, data: value }));
  const guard = { path: `${nodes[0]?.path ?? ''}/epoch`, data: `${String(stamp.epoch)} ${String(stampNumber(stamp))}` };
  return [guard, ...nodes];
}

function placeIn({ data }: NodeData): number {
  const place = Number(data.split(' ')[1]);
  return Number.isFinite(place) ? place : 0;
}

/** A node is made after the one above it, in one transaction or before it. */
function changesFor(wanted: readonly Wanted[], found: readonly (NodeData | null)[]): readonly Change[] {
  const changes = wanted.map(({ path, data }, at): Change => {
    const node = found[at] ?? null;
    return node === null ? { kind: 'create', path, data } : { kind: 'set', path, data, version: node.version };
  });
  return changes.sort((one, other) => one.path.length - other.path.length);
}

async function makeParents(session: ZookeeperSession, paths: readonly string[]): Promise<void> {
  const shortest = paths.reduce((one, other) => (other.length < one.length ? other : one));
  const names = shortest.split('/').slice(1, -1);
  for (const at of names.keys()) await session.ensure(`/${names.slice(0, at + 1).join('/')}`);
}
