import { describe, expect, it } from 'vitest';
import { ErrantGtids } from '../../../src/runtime/diagnosis/errant-gtids.js';
import { serverId } from '../../support/facts.js';

describe('errant transactions', () => {
  const SOURCE = '00000000-0000-0000-0000-00000000000a';
  const REPLICA = '00000000-0000-0000-0000-00000000000b';
  const errant = (replica: string, source: string | readonly string[], above: readonly string[] = [SOURCE]): string =>
    new ErrantGtids().of(serverId('r'), replica, typeof source === 'string' ? [source] : source, new Set(above));

  it('are those that only the replica has', () => {
    expect(errant(`${SOURCE}:1-10,${REPLICA}:1-2`, `${SOURCE}:1-10`)).toBe(`${REPLICA}:1-2`);
    expect(errant(`${SOURCE}:1-10`, `${SOURCE}:1-10`)).toBe('');
  });

  it('are not those that the source numbered: the replica was read later', () => {
    expect(errant(`${SOURCE}:1-15`, `${SOURCE}:1-10`)).toBe('');
    expect(errant(`${SOURCE}:1-15`, `${SOURCE}:1-10`, [REPLICA])).toBe(`${SOURCE}:11-15`);
  });

  it('are not those that came by another channel', () => {
    const OTHER = '00000000-0000-0000-0000-00000000000c';
    const FAR = '00000000-0000-0000-0000-00000000000d';
    const has = `${SOURCE}:1-10,${OTHER}:1-5,${FAR}:1-3`;
    expect(errant(has, [`${SOURCE}:1-10`, `${OTHER}:1-5,${FAR}:1-3`])).toBe('');
    expect(errant(has, `${SOURCE}:1-10`, [SOURCE, OTHER])).toBe(`${FAR}:1-3`);
    expect(errant(`${has},${REPLICA}:1`, [`${SOURCE}:1-10`, `${OTHER}:1-5,${FAR}:1-3`])).toBe(`${REPLICA}:1`);
  });

  it('are none in sets of another kind', () => {
    expect(errant('0-1-100', '0-1-90')).toBe('');
    expect(errant('', `${SOURCE}:1-10`)).toBe('');
  });

  it('are compared anew when a set changes', () => {
    const compared = new ErrantGtids();
    const of = (replica: string): string => compared.of(serverId('r'), replica, [`${SOURCE}:1`], new Set([SOURCE]));
    expect(of(`${SOURCE}:1`)).toBe('');
    expect(of(`${REPLICA}:1`)).toBe(`${REPLICA}:1`);
    expect(of(`${SOURCE}:1`)).toBe('');
  });
});
