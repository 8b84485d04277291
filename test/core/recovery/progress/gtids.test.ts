import { describe, expect, it } from 'vitest';
import {
  compareSizes,
  isGtidSet,
  isNone,
  logOf,
  minus,
  readProgress,
  sizeOf,
  unionOf,
  withoutServer,
  withOwnSeenAt,
} from '../../../../src/core/recovery/progress/gtids.js';
import type { ServerId } from '../../../../src/core/topology/server.js';

const UUID = '99ec6843-e6d6-11f1-892d-02fc00000001';
const OTHER = '99ec6843-e6d6-11f1-892d-02fc00000002';
const maria = 'mariadb-db1-3306-7' as ServerId;

describe('how far servers have come', () => {
  it('is told in three kinds, and each is reckoned with by itself', () => {
    const all = `${UUID}:1-5,0-1-100,b.000001:9@${UUID}`;
    expect(readProgress(all)).toEqual({ ok: true, value: all });
    expect(unionOf(`${UUID}:1-3`, '0-1-90', `b.000001:9@${UUID}`, all)).toBe(all);
    expect(minus(all, `${UUID}:1-4,b.000002:4@${UUID}`)).toBe(`${UUID}:5,0-1-100`);
    expect(isNone(minus(all, all))).toBe(true);
    expect(sizeOf(`${UUID}:1-5,0-1-100`)).toBe(105);
  });

  it('is no answer when it is something else', () => {
    expect(isGtidSet('0-1')).toBe(false);
    expect(isGtidSet('')).toBe(true);
    expect(() => minus('nonsense', '')).toThrow(/cannot be read/);
  });

  it('leaves out what a server itself wrote', () => {
    expect(withoutServer(`${UUID}:1-5,${OTHER}:1`, UUID as ServerId)).toBe(`${OTHER}:1`);
    expect(withoutServer('0-1-100,0-7-101', maria)).toBe('0-1-100');
    expect(withoutServer(`b.000001:9@${UUID}`, UUID as ServerId)).toBe('');
    expect(withoutServer(`b.000001:9@${logOf(maria)}`, maria)).toBe('');
    expect(withoutServer('0-1-100', UUID as ServerId)).toBe('0-1-100');
  });

  it('adds what others have of a server itself, and nothing else of them', () => {
    const others = [`${UUID}:1-7,${OTHER}:1-9`, ''];
    expect(withOwnSeenAt(UUID as ServerId, `${UUID}:1-5,${OTHER}:1-2`, others)).toBe(`${UUID}:1-7,${OTHER}:1-2`);
  });

  it('says who lacks less', () => {
    const whole = `0-1-105,b.000002:100@${UUID}`;
    const lack = (has: string): string => minus(whole, has);
    expect(compareSizes(lack('0-1-104'), lack('0-1-100'))).toBeLessThan(0);
    expect(compareSizes(lack(`0-1-105,b.000002:90@${UUID}`), lack(`0-1-105,b.000001:900@${UUID}`))).toBeLessThan(0);
    expect(compareSizes(lack(whole), lack(whole))).toBe(0);
  });
});
