import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConsulOptions, ConsulStore } from '../../../src/adapters/kv/consul-store.js';
import { isLater, stampNumber, type StampedPairs } from '../../../src/runtime/ports/pair-store.js';
import { ConsulServer } from './consul-server.js';

let consul: ConsulServer;
beforeEach(async () => {
  consul = await ConsulServer.start();
});
afterEach(async () => {
  await consul.stop();
});

function store(options: Partial<ConsulOptions> = {}): ConsulStore {
  return new ConsulStore({
    address: options.address ?? consul.address,
    scheme: 'http',
    token: '',
    transactions: false,
    operationsMax: 5,
    everyDatacenter: false,
    ...options,
  });
}

function pairs(
  host: string,
  index: number,
  told: Partial<StampedPairs> & { readonly cluster?: string; readonly founding?: string } = {},
): StampedPairs {
  const { cluster = 'shop', founding = 'f1', anew = false } = told;
  const key = `mysql/master/${cluster}`;
  return {
    pairs: [
      { key, value: `${host}:3306` },
      { key: `${key}/hostname`, value: host },
      { key: `${key}/port`, value: '3306' },
      { key: `${key}/ipv4`, value: '10.0.0.1' },
      { key: `${key}/ipv6`, value: '' },
    ],
    stamp: { founding, epoch: 1, index },
    anew,
  };
}

const may = (): Promise<void> => Promise.resolve();
const EXPECTED = {
  'mysql/master/shop': 'db1:3306',
  'mysql/master/shop/hostname': 'db1',
  'mysql/master/shop/port': '3306',
  'mysql/master/shop/ipv4': '10.0.0.1',
  'mysql/master/shop/ipv6': '',
};

describe.each([
  ['key by key', { transactions: false }],
  ['in transactions', { transactions: true, operationsMax: 10 }],
] as const)('Consul, %s', (_name, provider) => {
  it('is told in the order of the pairs, and not again while it holds them', async () => {
    expect(await store(provider).write([pairs('db1', 5)], may)).toEqual(['written']);
    expect(consul.values()).toEqual(EXPECTED);
    expect(Object.keys(consul.values())).toEqual(Object.keys(EXPECTED));
    consul.requests.length = 0;
    expect(await store(provider).write([pairs('db1', 9)], may)).toEqual(['unchanged']);
    expect(consul.requests).toEqual(['GET /v1/kv/mysql/master/shop']);
  });

  it('takes the word of the later leader, whoever writes last', async () => {
    expect(await store(provider).write([pairs('db2', 20)], may)).toEqual(['written']);
    expect(await store(provider).write([pairs('db1', 10)], may)).toEqual(['superseded']);
    expect(consul.values()['mysql/master/shop']).toBe('db2:3306');
  });

  it('does not take the word of a former leader that had read before the new one wrote', async () => {
    await store(provider).write([pairs('db0', 5)], may);
    let isNewLeaders = false;
    const late = await store(provider).write([pairs('db1', 10)], async () => {
      if (isNewLeaders) return;
      isNewLeaders = true;
      expect(await store(provider).write([pairs('db2', 20)], may)).toEqual(['written']);
    });
    expect(late).toEqual(['superseded']);
    expect(consul.values()['mysql/master/shop']).toBe('db2:3306');
  });

  it('nor of one that writes where the new leader found its own word already', async () => {
    await store(provider).write([pairs('db2', 5)], may);
    const late = await store(provider).write([pairs('db1', 10)], async () => {
      expect(await store(provider).write([pairs('db2', 20, { anew: true })], may)).toEqual(['written']);
    });
    expect(late).toEqual(['superseded']);
    expect(consul.values()['mysql/master/shop']).toBe('db2:3306');
  });

  it('is put right after somebody else wrote there, and taken over from a log that is no more', async () => {
    await store(provider).write([pairs('db1', 1_000, { founding: 'old log' })], may);
    expect(await store(provider).write([pairs('db2', 7)], may)).toEqual(['written']);
    consul.put('mysql/master/shop', 'by hand');
    expect(await store(provider).write([pairs('db2', 8)], may)).toEqual(['written']);
    expect(consul.values()['mysql/master/shop']).toBe('db2:3306');
  });

  it('is told though somebody else writes at the same time', async () => {
    let others = 2;
    consul.beforeWrite = () => {
      if (others > 0) consul.put('mysql/master/shop/hostname', `other ${String(others)}`);
      others -= 1;
    };
    expect(await store(provider).write([pairs('db1', 5)], may)).toEqual(['written']);
    expect(consul.values()).toEqual(EXPECTED);
  });

  it('is not told by a node that may not act', async () => {
    await expect(
      store(provider).write([pairs('db1', 5)], () => Promise.reject(new Error('no leader'))),
    ).rejects.toThrow('no leader');
    expect(consul.values()).toEqual({});
  });

  it('takes many clusters, read at once, and keeps to those', async () => {
    consul.put('mysql/master/other', 'theirs');
    const all = Array.from({ length: 30 }, (_, at) => pairs(`db${String(at)}`, 5, { cluster: `c${String(at)}` }));
    expect(new Set(await store(provider).write(all, may))).toEqual(new Set(['written']));
    expect(consul.requests.filter((request) => request.startsWith('GET'))).toHaveLength(1);
    expect(consul.values()).toMatchObject({ 'mysql/master/c29': 'db29:3306', 'mysql/master/other': 'theirs' });
    const writes = consul.requests.filter((request) => request.startsWith('PUT')).length;
    expect(writes).toBe(provider.transactions ? 15 : 150);
  });

  it('of all data centres is told', async () => {
    consul.datacenters.set('dc2', new Map());
    await store(provider).write([pairs('db1', 5)], may);
    expect(consul.values('dc2')).toEqual({});
    expect(await store({ ...provider, everyDatacenter: true }).write([pairs('db1', 6)], may)).toEqual(['written']);
    expect(consul.values('dc2')).toEqual(EXPECTED);
  });

  it('says what is wrong, and nothing of the token', async () => {
    consul.token = 'right';
    const wrong = store({ ...provider, token: 'secret-token' }).write([pairs('db1', 5)], may);
    await expect(wrong).rejects.toMatchObject({ code: 'PAIR_STORE' });
    await expect(wrong).rejects.toThrow(/status 403: Permission denied; does ConsulAclToken grant/);
    await wrong.catch((error: unknown) => {
      expect(String(error)).not.toContain('secret-token');
    });
    expect(await store({ ...provider, token: 'right' }).write([pairs('db1', 5)], may)).toEqual(['written']);
    consul.isDown = true;
    await expect(store({ ...provider, token: 'right' }).write([pairs('db2', 6)], may)).rejects.toThrow(
      /No cluster leader/,
    );
  });
});

it('says where nobody listens', async () => {
  const { address } = consul;
  await consul.stop();
  await expect(store({ address }).write([pairs('db1', 5)], may)).rejects.toThrow(/ECONNREFUSED/);
  consul = await ConsulServer.start();
});

it('numbers stamps by log and place, exactly as JSON keeps them', () => {
  const stamp = { founding: 'f1', epoch: 1, index: 2 ** 40 - 1 };
  expect(Number.isSafeInteger(stampNumber(stamp))).toBe(true);
  expect(isLater(stampNumber({ ...stamp, index: 8 }), { ...stamp, index: 7 })).toBe(true);
  expect(isLater(stampNumber({ ...stamp, index: 7 }), { ...stamp, index: 7 })).toBe(false);
  expect(isLater(stampNumber({ ...stamp, founding: 'f2' }), { ...stamp, index: 7 })).toBe(false);
  expect(isLater(0, { ...stamp, index: 7 })).toBe(false);
});
