import { describe, expect, it } from 'vitest';
import { ErrantGtids } from '../../../src/runtime/diagnosis/errant-gtids.js';
import { Sightings } from '../../../src/runtime/diagnosis/sightings.js';
import { addressOf, serverId } from '../../support/facts.js';
import { failedProbe, goodProbe } from '../../support/probes.js';

describe('sightings', () => {
  it('keep the last good report beside the last attempt', () => {
    const sightings = new Sightings();
    const good = goodProbe('p', { atMs: 100 });
    const bad = failedProbe('p', 'silent', 200);
    expect(sightings.record(good)).toEqual({ before: null, isNews: true });
    expect(sightings.record(bad)).toEqual({ before: { last: good, lastGood: good }, isNews: true });
    expect(sightings.at(addressOf('p'))).toEqual({ last: bad, lastGood: good });
    expect(sightings.at(addressOf('q'))).toBeNull();
  });

  it('are not changed by a result that comes late', () => {
    const sightings = new Sightings();
    sightings.record(failedProbe('p', 'refused', 200));
    expect(sightings.record(goodProbe('p', { atMs: 100 })).isNews).toBe(false);
    expect(sightings.at(addressOf('p'))?.last.ok).toBe(false);
  });

  it('tell for how long a binary log has ended at the same place', () => {
    const sightings = new Sightings();
    const end = (position: number, atMs: number) =>
      goodProbe('p', { atMs, vitals: { binlog: { file: 'binlog.000001', position } } });
    sightings.record(end(100, 1000));
    sightings.record(end(100, 5000));
    expect(sightings.binlogStillMs(serverId('p'), 6000)).toBe(4999);
    sightings.record(end(101, 7000));
    expect(sightings.binlogStillMs(serverId('p'), 7501)).toBe(500);
    sightings.record(goodProbe('p', { atMs: 8000, vitals: { binlog: null } }));
    expect(sightings.binlogStillMs(serverId('p'), 9000)).toBeNull();
  });

  it('forget whoever is not believed any more', () => {
    const sightings = new Sightings();
    sightings.record(goodProbe('p', { atMs: 1 }));
    sightings.record(goodProbe('q', { atMs: 1 }));
    sightings.keepOnly(new Set(['q:3306']), new Set([serverId('q')]));
    expect(sightings.at(addressOf('p'))).toBeNull();
    expect(sightings.binlogStillMs(serverId('p'), 10)).toBeNull();
    expect(sightings.at(addressOf('q'))).not.toBeNull();
    expect(sightings.binlogStillMs(serverId('q'), 10)).not.toBeNull();
  });
});

describe('errant transactions', () => {
  const SOURCE = '00000000-0000-0000-0000-00000000000a';
  const REPLICA = '00000000-0000-0000-0000-00000000000b';
  const errant = (replica: string, source: string, sources: readonly string[] = [SOURCE]): string =>
    new ErrantGtids().of(serverId('r'), replica, source, new Set(sources));

  it('are those that only the replica has', () => {
    expect(errant(`${SOURCE}:1-10,${REPLICA}:1-2`, `${SOURCE}:1-10`)).toBe(`${REPLICA}:1-2`);
    expect(errant(`${SOURCE}:1-10`, `${SOURCE}:1-10`)).toBe('');
  });

  it('are not those that the source numbered: the replica was read later', () => {
    expect(errant(`${SOURCE}:1-15`, `${SOURCE}:1-10`)).toBe('');
    expect(errant(`${SOURCE}:1-15`, `${SOURCE}:1-10`, [REPLICA])).toBe(`${SOURCE}:11-15`);
  });

  it('are none in sets of another kind', () => {
    expect(errant('0-1-100', '0-1-90')).toBe('');
    expect(errant('', `${SOURCE}:1-10`)).toBe('');
  });

  it('are compared anew when a set changes', () => {
    const compared = new ErrantGtids();
    const of = (replica: string): string => compared.of(serverId('r'), replica, `${SOURCE}:1`, new Set([SOURCE]));
    expect(of(`${SOURCE}:1`)).toBe('');
    expect(of(`${REPLICA}:1`)).toBe(`${REPLICA}:1`);
    expect(of(`${SOURCE}:1`)).toBe('');
  });
});
