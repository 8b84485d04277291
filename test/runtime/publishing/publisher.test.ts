import { beforeEach, describe, expect, it } from 'vitest';
import type { ClusterId } from '../../../src/core/topology/server.js';
import type { Clock } from '../../../src/runtime/ports/clock.js';
import { LeaderAuthority } from '../../../src/runtime/authority.js';
import {
  isLater,
  type PairStore,
  type StampedPairs,
  stampNumber,
  type Written,
} from '../../../src/runtime/ports/pair-store.js';
import { Publisher } from '../../../src/runtime/publishing/publisher.js';
import { MysqlWorld, uuidOf } from '../../support/worlds/mysql-world.js';
import { RecordingHooks } from '../../support/recording-hooks.js';
import { WorldNodes } from '../../support/worlds/world-nodes.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

/** A store that is there, away, or slow, as the test says; with stamps as the real ones have them. */
class TestStore implements PairStore {
  readonly name = 'a store';
  readonly values = new Map<string, string>();
  readonly stamps = new Map<string, number>();
  trouble: string | null = null;
  /** Runs after it was read and before it is written. */
  between: () => Promise<void> | void = () => undefined;
  calls = 0;

  async write(all: readonly StampedPairs[], confirm: () => Promise<void>): Promise<readonly Written[]> {
    this.calls += 1;
    const outcomes: Written[] = [];
    for (const one of all) outcomes.push(await this.#writeOne(one, confirm));
    return outcomes;
  }

  async #writeOne({ pairs, stamp, anew }: StampedPairs, confirm: () => Promise<void>): Promise<Written> {
    if (this.trouble !== null) throw new Error(this.trouble);
    if (!anew && pairs.every(({ key, value }) => this.values.get(key) === value)) return 'unchanged';
    await confirm();
    await this.between();
    const key = pairs[0]?.key ?? '';
    if (isLater(this.stamps.get(key) ?? 0, stamp)) return 'superseded';
    this.stamps.set(key, stampNumber(stamp));
    for (const pair of pairs) this.values.set(pair.key, pair.value);
    return 'written';
  }
}

let world: MysqlWorld;
let nodes: WorldNodes;
let store: TestStore;
let hooks: RecordingHooks;
let publishers: Publisher[];

beforeEach(async () => {
  prefix = 'mysql/master/';
  world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  world.settle();
  store = new TestStore();
  hooks = new RecordingHooks(['after-primary']);
  publishers = [];
  nodes = new WorldNodes(
    world,
    {},
    {
      hooks,
      publishing: (ledger, consensus) => {
        const line = (_fields: object, text: string): void => {
          lines.push(text);
        };
        const publisher = new Publisher({
          clock,
          ledger,
          stores: [store],
          get prefix() {
            return prefix;
          },
          addresses: { addressesOf: (host) => Promise.resolve({ ipv4: host === P ? '10.0.0.1' : '', ipv6: '' }) },
          authorityFor: (term) => new LeaderAuthority(term, consensus, clock),
          log: { debug: line, info: line, warn: line, error: line },
        });
        publishers.push(publisher);
        return publisher;
      },
    },
  );
  await nodes.start();
  await nodes.ledger.propose({ kind: 'alias-set', clusterId: nodes.cluster(), alias: 'shop' });
  await nodes.turns();
});

let lines: string[] = [];
let prefix = 'mysql/master/';
/** That of the nodes, which are only being made when the first publisher is. */
const clock: Clock = {
  nowMs: () => nodes.clock.nowMs(),
  wallMs: () => nodes.clock.wallMs(),
  setTimer: (delayMs, fire) => nodes.clock.setTimer(delayMs, fire),
};

const KEY = 'mysql/master/shop';

async function killPrimary(): Promise<void> {
  world.get(P).up = false;
  nodes.driver.noticeProblems([nodes.deadMaster(P)]);
  await nodes.turns();
}

const own = (key: string): string | undefined => nodes.ledger.keyValue.entries.get(key)?.value;

describe('a store that a reload of the configuration names', () => {
  it('is told of every cluster, and the one of before of nothing more', async () => {
    const [publisher] = publishers;
    const other = new TestStore();
    prefix = 'elsewhere';
    publisher?.useStores([other]);
    await nodes.turns();
    expect(other.values.get('elsewhere/shop')).toBe(`${P}:3306`);
    const told = store.calls;
    await killPrimary();
    await nodes.untilClosed();
    expect(other.values.get('elsewhere/shop')).toBe(`${A}:3306`);
    expect(store.values.get(KEY)).toBe(`${P}:3306`);
    expect(store.calls).toBe(told);
  });

  it('may be none: nobody waits for it', async () => {
    publishers[0]?.useStores([]);
    expect(publishers[0]?.reachesOut).toBe(false);
    await killPrimary();
    await nodes.untilClosed();
    expect(own(KEY)).toBe(`${A}:3306`);
  });
});

describe('the primary of a cluster', () => {
  it('stands in the stores with its five pairs, in the own one as well', () => {
    expect(Object.fromEntries(store.values)).toMatchObject({
      [KEY]: `${P}:3306`,
      [`${KEY}/hostname`]: P,
      [`${KEY}/port`]: '3306',
      [`${KEY}/ipv4`]: '10.0.0.1',
      [`${KEY}/ipv6`]: '',
    });
    expect(own(KEY)).toBe(`${P}:3306`);
    expect(own(`${KEY}/ipv6`)).toBe('');
  });

  it('is told the moment the new one is open, not before and not after the others were moved', async () => {
    const seen: Record<string, string | undefined> = {};
    nodes.sessions.beforeStep = async (step) => {
      await nodes.turns(10);
      seen[step.kind] = store.values.get(KEY);
    };
    await killPrimary();
    await nodes.untilClosed();
    expect(seen['open']).toBe(`${P}:3306`);
    expect(store.values.get(KEY)).toBe(`${A}:3306`);
    expect(own(KEY)).toBe(`${A}:3306`);
    expect(own(`${KEY}/ipv4`)).toBe('');
  });

  it('is a step of what follows the failover, before the hooks', async () => {
    let atHooks: string | undefined;
    hooks.during = () => {
      atHooks = store.values.get(KEY);
    };
    await killPrimary();
    await nodes.turns();
    expect(atHooks).toBe(`${A}:3306`);
    expect(nodes.recoveries[0]?.steps.slice(-2)).toMatchObject([
      { step: { kind: 'publish', server: A }, outcome: { ok: true } },
      { step: { kind: 'hooks' }, outcome: { ok: true } },
    ]);
  });

  it('is told when the store is back, and hooks wait for that only so long', async () => {
    store.trouble = 'it is away';
    await killPrimary();
    expect(hooks.lists).toEqual([]);
    await nodes.clock.advance(5_100);
    await nodes.turns();
    expect(hooks.lists).toEqual(['after-primary']);
    const step = nodes.recoveries[0]?.steps.find((one) => one.step.kind === 'publish');
    expect(step?.outcome).toMatchObject({
      ok: false,
      code: 'limit',
      error: 'it is away; it is tried until it is done',
    });
    expect(own(KEY)).toBe(`${A}:3306`);
    store.trouble = null;
    await nodes.clock.advance(31_000);
    await nodes.turns();
    expect(store.values.get(KEY)).toBe(`${A}:3306`);
    expect(lines.filter((line) => line.includes('it is away')).length).toBeLessThanOrEqual(3);
  });

  it('is told by the next leader when one dies over it', async () => {
    store.trouble = 'it is away';
    await killPrimary();
    await nodes.changeLeader();
    store.trouble = null;
    await nodes.turns();
    expect(store.values.get(KEY)).toBe(`${A}:3306`);
    await nodes.clock.advance(10_000);
    expect(hooks.lists).toEqual(['after-primary']);
  });

  it('is not changed back by a former leader that was frozen over its write', async () => {
    let wake = (): void => undefined;
    let isFrozen = false;
    store.between = () => {
      if (isFrozen) return;
      isFrozen = true;
      return new Promise<void>((resolve) => (wake = resolve));
    };
    await killPrimary();
    expect(isFrozen).toBe(true);
    await nodes.changeLeader();
    await nodes.observe();
    await nodes.turns();
    expect(store.values.get(KEY)).toBe(`${A}:3306`);
    const answer = await nodes.driver.requests.ask({
      command: 'graceful-master-takeover-auto',
      clusterId: nodes.cluster(),
      server: null,
      candidate: B,
      requestedBy: 'me',
    });
    expect(answer).toMatchObject({ ok: true });
    expect(store.values.get(KEY)).toBe(`${B}:3306`);
    wake();
    await nodes.turns();
    expect(store.values.get(KEY)).toBe(`${B}:3306`);
  });

  it('is looked after once a minute, whatever others do there', async () => {
    store.values.set(KEY, 'by hand');
    await nodes.clock.advance(59_000);
    expect(store.values.get(KEY)).toBe('by hand');
    await nodes.clock.advance(2_000);
    await nodes.turns();
    expect(store.values.get(KEY)).toBe(`${P}:3306`);
  });

  it('costs no entry of the log while all is as it should be', async () => {
    const before = nodes.consensus.index;
    await nodes.clock.advance(600_000);
    await nodes.turns();
    expect(nodes.consensus.index).toBe(before);
  });

  it('is written where it is called otherwise now', async () => {
    await nodes.ledger.propose({ kind: 'alias-set', clusterId: nodes.cluster(), alias: 'other' });
    await nodes.turns();
    expect(store.values.get('mysql/master/other')).toBe(`${P}:3306`);
  });

  it('is told by nobody who follows', async () => {
    nodes.consensus.follow(2, 'n2');
    store.values.clear();
    await nodes.clock.advance(120_000);
    expect(store.values.size).toBe(0);
  });

  it('is written on somebody’s word, of one cluster or of all', async () => {
    store.values.clear();
    const [publisher] = publishers;
    const told = await publisher?.submit(nodes.cluster());
    await nodes.turns();
    expect(told?.map(({ key }) => key)).toEqual([
      KEY,
      ...['hostname', 'port', 'ipv4', 'ipv6'].map((one) => `${KEY}/${one}`),
    ]);
    expect(store.values.get(KEY)).toBe(`${P}:3306`);
    expect(await publisher?.submit('nobody' as ClusterId)).toEqual([]);
    lines = [];
  });
});
