/** Names, TLS and waiting connections: what is remembered of the way to a server. */
import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { LinkFailed } from '../../../src/adapters/mysql/connection/failure.js';
import { CachingResolver } from '../../../src/adapters/mysql/connection/host-resolver.js';
import { TlsNeed } from '../../../src/adapters/mysql/connection/tls-need.js';
import { WaitingRoom } from '../../../src/adapters/mysql/connection/waiting-room.js';

const DB = { host: 'db-1', port: 3306 };

describe('names', () => {
  it('are asked for once in a while, all at once once', async () => {
    let nowMs = 0;
    const asked: string[] = [];
    const ask = (host: string): Promise<string> => {
      asked.push(host);
      return Promise.resolve(`10.0.0.${String(asked.length)}`);
    };
    const resolver = new CachingResolver(ask, () => nowMs);
    const both = await Promise.all([resolver.resolve('db-1'), resolver.resolve('db-1')]);
    expect(both).toEqual(['10.0.0.1', '10.0.0.1']);
    nowMs = 29_000;
    expect(await resolver.resolve('db-1')).toBe('10.0.0.1');
    nowMs = 31_000;
    expect(await resolver.resolve('db-1')).toBe('10.0.0.2');
    expect(await resolver.resolve('10.1.2.3')).toBe('10.1.2.3');
    expect(await resolver.resolve('::1')).toBe('::1');
    expect(asked).toEqual(['db-1', 'db-1']);
  });

  it('keep their last answer while the name server is away', async () => {
    let nowMs = 0;
    let isAway = false;
    let asked = 0;
    const ask = (): Promise<string> => {
      asked += 1;
      return isAway ? Promise.reject(new Error('ETIMEOUT')) : Promise.resolve('10.0.0.1');
    };
    const resolver = new CachingResolver(ask, () => nowMs);
    await resolver.resolve('db-1');
    isAway = true;
    nowMs = 40_000;
    expect(await resolver.resolve('db-1')).toBe('10.0.0.1');
    expect(await resolver.resolve('db-1')).toBe('10.0.0.1');
    expect(asked).toBe(2);
    await expect(resolver.resolve('db-2')).rejects.toThrow('ETIMEOUT');
    await expect(resolver.resolve('db-2')).rejects.toThrow('ETIMEOUT');
    expect(asked).toBe(3);
    isAway = false;
    nowMs = 42_000;
    expect(await resolver.resolve('db-2')).toBe('10.0.0.1');
  });

  it('that stand in no DNS are found in the hosts file', async () => {
    expect(await new CachingResolver().resolve('localhost')).toMatch(/^(127\.0\.0\.1|::1)$/);
  });
});

describe('the need for TLS', () => {
  const refusal = (code: string): LinkFailed => new LinkFailed({ kind: 'alive', code, message: code });

  it('is learnt from refusals of a plain login', () => {
    let nowMs = 0;
    const need = new TlsNeed('where-required', 500_000, () => nowMs);
    expect(need.wants(DB)).toBe(false);
    expect(need.worthTrying(DB, false, refusal('3159'))).toBe(true);
    expect(need.worthTrying(DB, false, refusal('1045'))).toBe(true);
    expect(need.worthTrying(DB, true, refusal('1045'))).toBe(false);
    expect(need.worthTrying(DB, false, refusal('1040'))).toBe(false);
    expect(need.worthTrying(DB, false, new Error('x'))).toBe(false);
    need.works(DB);
    expect(need.wants(DB)).toBe(true);
    expect(need.wants({ host: 'db-2', port: 3306 })).toBe(false);
    nowMs = 500_001;
    expect(need.wants(DB)).toBe(false);
  });

  it('is not asked for again at once where TLS could not be had, and the reason is kept meanwhile', () => {
    let nowMs = 0;
    const need = new TlsNeed('where-required', 500_000, () => nowMs);
    need.fails(DB, 'self-signed');
    expect(need.troubleOf(DB, refusal('1045'))).toBe('self-signed');
    expect(need.troubleOf(DB, refusal('1040'))).toBe('');
    expect(need.wants(DB)).toBe(false);
    expect(need.worthTrying(DB, false, refusal('1045'))).toBe(false);
    nowMs = 60_001;
    expect(need.troubleOf(DB, refusal('1045'))).toBe('');
    expect(need.worthTrying(DB, false, refusal('1045'))).toBe(true);
  });

  it('is what was configured, where it was', () => {
    expect(new TlsNeed('always', 1).wants(DB)).toBe(true);
    expect(new TlsNeed('never', 1).wants(DB)).toBe(false);
    expect(new TlsNeed('never', 1).worthTrying(DB, false, refusal('3159'))).toBe(false);
  });
});

describe('the waiting room', () => {
  const socket = (): PassThrough => new PassThrough();
  const asSocket = (stream: PassThrough): Socket => stream as unknown as Socket;

  function crowd(room: WaitingRoom, count: number): PassThrough[] {
    const sockets = Array.from({ length: count }, socket);
    for (const one of sockets) room.leave(DB, asSocket(one));
    return sockets;
  }

  it('is full at four, and lets another in now and then', () => {
    let nowMs = 0;
    const room = new WaitingRoom(() => nowMs);
    const sockets = crowd(room, 3);
    expect(room.mayDial(DB)).toBe(true);
    sockets.push(...crowd(room, 1));
    expect(room.mayDial(DB)).toBe(false);
    expect(room.mayDial({ host: 'db-2', port: 3306 })).toBe(true);
    nowMs = 30_000;
    expect(room.mayDial(DB)).toBe(true);
    const [fifth] = crowd(room, 1);
    expect(room.mayDial(DB)).toBe(false);
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false, false, false]);
    expect(fifth?.destroyed).toBe(false);
    room.close();
    expect([...sockets, fifth].every((one) => one?.destroyed)).toBe(true);
  });

  it('hears a word to any of them', async () => {
    const room = new WaitingRoom();
    const [, second] = crowd(room, 4);
    const word = room.word(DB, 10_000);
    second?.write('hello');
    expect(await word).toBe('spoke');
    expect(room.mayDial(DB)).toBe(true);
    expect(await room.word(DB, 1)).toBe('silent');
    room.close();
  });

  it('notices when all have gone', async () => {
    const room = new WaitingRoom();
    const sockets = crowd(room, 2);
    const word = room.word(DB, 10_000);
    for (const one of sockets) one.destroy();
    expect(await word).toBe('gone');
    expect(await room.word(DB, 10_000)).toBe('gone');
    const closed = socket();
    closed.destroy();
    room.leave(DB, asSocket(closed));
    expect(await room.word(DB, 10_000)).toBe('gone');
  });
});
