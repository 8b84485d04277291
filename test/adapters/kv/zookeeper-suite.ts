/** What is asked of a ZooKeeper: the small one of the unit tests and a real one are held to the same. */
import { beforeEach, expect, it } from 'vitest';
import { ZookeeperSession } from '../../../src/adapters/kv/zookeeper/zookeeper-session.js';
import { ZookeeperStore } from '../../../src/adapters/kv/zookeeper/zookeeper-store.js';
import type { StampedPairs } from '../../../src/runtime/ports/pair-store.js';

const may = (): Promise<void> => Promise.resolve();

export function zookeeperSuite(address: () => string): void {
  let prefix = '';
  let tests = 0;
  beforeEach(() => {
    tests += 1;
    prefix = `mysql/master${String(tests)}`;
  });

  const pairs = (
    host: string,
    index: number,
    changes: Partial<StampedPairs> & { readonly founding?: string } = {},
  ): StampedPairs => {
    const { anew = false, founding = 'f1' } = changes;
    const key = `${prefix}/shop`;
    return {
      pairs: [
        { key, value: `${host}:3306` },
        { key: `${key}/hostname`, value: host },
        { key: `${key}/port`, value: '3306' },
        { key: `${key}/ipv4`, value: '10.0.0.1' },
        { key: `${key}/ipv6`, value: '' },
      ],
      stamp: { founding, epoch: 3, index },
      anew,
    };
  };
  const write = async (one: StampedPairs, confirm = may): Promise<unknown> =>
    (await new ZookeeperStore(address()).write([one], confirm))[0];
  const read = async (name = ''): Promise<string | null> => {
    const session = await ZookeeperSession.open(address());
    const found = await session.read(`/${prefix}/shop${name}`);
    session.close();
    return found?.data ?? null;
  };

  it('is told, with all that stands above, and not again while it holds it', async () => {
    expect(await read()).toBeNull();
    expect(await write(pairs('db1', 5))).toBe('written');
    expect(await Promise.all(['', '/hostname', '/port', '/ipv4', '/ipv6'].map(read))).toEqual([
      'db1:3306',
      'db1',
      '3306',
      '10.0.0.1',
      '',
    ]);
    expect(await read('/epoch')).toMatch(/^3 \d+$/);
    expect(await write(pairs('db1', 9))).toBe('unchanged');
    expect(await write(pairs('db1', 9, { anew: true }))).toBe('written');
  });

  it('takes the word of the later leader, whoever writes last', async () => {
    expect(await write(pairs('db2', 20))).toBe('written');
    expect(await write(pairs('db1', 10))).toBe('superseded');
    expect(await read()).toBe('db2:3306');
  });

  it('does not take the word of a former leader that had read before the new one wrote', async () => {
    await write(pairs('db0', 5));
    const late = await write(pairs('db1', 10), async () => {
      expect(await write(pairs('db2', 20))).toBe('written');
    });
    expect(late).toBe('superseded');
    expect(await read()).toBe('db2:3306');
  });

  it('nor the first word of one, where there was nothing yet', async () => {
    const late = await write(pairs('db1', 10), async () => {
      expect(await write(pairs('db2', 20))).toBe('written');
    });
    expect(late).toBe('superseded');
    expect(await read()).toBe('db2:3306');
  });

  it('is put right after somebody else wrote there, and taken over from a log that is no more', async () => {
    await write(pairs('db1', 1_000, { founding: 'old log' }));
    expect(await write(pairs('db2', 7))).toBe('written');
    const session = await ZookeeperSession.open(address());
    const found = await session.read(`/${prefix}/shop`);
    const change = { kind: 'set', path: `/${prefix}/shop`, data: 'by hand', version: found?.version ?? -1 } as const;
    expect(await session.transact([change])).toBe(true);
    expect(await session.transact([change])).toBe(false);
    session.close();
    expect(await write(pairs('db2', 8))).toBe('written');
    expect(await read()).toBe('db2:3306');
  });

  it('makes all of a transaction or nothing', async () => {
    await write(pairs('db1', 5));
    const session = await ZookeeperSession.open(address());
    const found = await session.read(`/${prefix}/shop`);
    const isMade = await session.transact([
      { kind: 'set', path: `/${prefix}/shop`, data: 'half', version: found?.version ?? -1 },
      { kind: 'create', path: `/${prefix}/shop/hostname`, data: 'is there' },
    ]);
    session.close();
    expect(isMade).toBe(false);
    expect(await read()).toBe('db1:3306');
  });

  it('is not told by a node that may not act', async () => {
    await expect(write(pairs('db1', 5), () => Promise.reject(new Error('no leader')))).rejects.toThrow('no leader');
    expect(await read()).toBeNull();
  });

  it('is found behind one that does not answer', async () => {
    const store = new ZookeeperStore(`127.0.0.1:1, ${address()}`);
    expect(await store.write([pairs('db1', 5)], may)).toEqual(['written']);
    await expect(new ZookeeperStore('127.0.0.1:1').write([pairs('db1', 5)], may)).rejects.toMatchObject({
      code: 'PAIR_STORE',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });
}
