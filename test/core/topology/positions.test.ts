import { describe, expect, it } from 'vitest';
import { binlogPositionText, compareBinlogPositions } from '../../../src/core/topology/binlog-position.js';
import { type ErrantQuestion, errantGtidText } from '../../../src/core/topology/errant.js';
import { type GtidSet, parseGtidSet } from '../../../src/core/topology/gtid-set.js';
import {
  formatMariaDbPosition,
  type MariaDbPosition,
  parseMariaDbPosition,
  reachesMariaDbPosition,
} from '../../../src/core/topology/mariadb-gtid.js';
import { serverId } from '../../support/facts.js';

describe('positions in binary logs', () => {
  const compare = (one: string, onePosition: number, other: string, otherPosition: number): number | null =>
    compareBinlogPositions({ file: one, position: onePosition }, { file: other, position: otherPosition });

  it('go by the number of the file, then by the position', () => {
    expect(compare('bin.000001', 4, 'bin.000001', 4)).toBe(0);
    expect(compare('bin.000001', 5, 'bin.000001', 4)).toBeGreaterThan(0);
    expect(compare('bin.000001', 900, 'bin.000002', 4)).toBeLessThan(0);
    expect(compare('bin.1000000', 4, 'bin.999999', 4)).toBeGreaterThan(0);
    expect(compare('a.b.000010', 4, 'a.b.000009', 4)).toBeGreaterThan(0);
    expect(compare('bin.99999999999999999998', 4, 'bin.99999999999999999999', 4)).toBeLessThan(0);
  });

  it('of different logs cannot be compared', () => {
    expect(compare('bin.000001', 4, 'log.000001', 4)).toBeNull();
    expect(compare('bin', 4, 'bin', 4)).toBeNull();
    expect(compare('', 4, 'bin.000001', 4)).toBeNull();
  });

  it('have a text', () => {
    expect(binlogPositionText({ file: 'bin.000001', position: 4 })).toBe('bin.000001:4');
  });
});

describe('positions of MariaDB', () => {
  const read = (text: string): MariaDbPosition => {
    const parsed = parseMariaDbPosition(text);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  };

  it('keep the last of each domain', () => {
    expect(formatMariaDbPosition(read('1-2-5, 0-1-100,0-2-99'))).toBe('0-1-100,1-2-5');
    expect(formatMariaDbPosition(read(''))).toBe('');
    expect(formatMariaDbPosition(read('0-1-18446744073709551615'))).toBe('0-1-18446744073709551615');
    expect(parseMariaDbPosition('0-1').ok).toBe(false);
    expect(parseMariaDbPosition('99ec6843-e6d6-11f1-892d-02fc00000001:1').ok).toBe(false);
  });

  it('reach another when they do in every domain', () => {
    expect(reachesMariaDbPosition(read('0-1-100'), read('0-9-100'))).toBe(true);
    expect(reachesMariaDbPosition(read('0-1-99'), read('0-1-100'))).toBe(false);
    expect(reachesMariaDbPosition(read('0-1-100'), read('0-1-100,1-1-1'))).toBe(false);
    expect(reachesMariaDbPosition(read('0-1-100,1-1-1'), read('0-1-100'))).toBe(true);
    expect(reachesMariaDbPosition(read(''), read(''))).toBe(true);
  });
});

describe('errant transactions', () => {
  const P = '99ec6843-e6d6-11f1-892d-02fc00000001';
  const R = '99ec6843-e6d6-11f1-892d-02fc00000002';
  const OLD = '99ec6843-e6d6-11f1-892d-02fc00000003';
  const set = (text: string): GtidSet => {
    const parsed = parseGtidSet(text);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  };
  const errant = (
    executed: string,
    source: string,
    isCoPrimary = false,
    others: ErrantQuestion['others'] = [],
  ): string =>
    errantGtidText({
      executed: set(executed),
      sourceExecuted: set(source),
      ancestors: [serverId(P)],
      others,
      self: serverId(R),
      isCoPrimary,
    });

  it('are what a replica wrote itself', () => {
    expect(errant(`${P}:1-10,${R}:1-2`, `${P}:1-10`)).toBe(`${R}:1-2`);
    expect(errant(`${P}:1-10,${R}:1-2`, `${P}:1-10,${R}:1`)).toBe(`${R}:2`);
    expect(errant(`${P}:1-10,${R}:tag:1`, `${P}:1-10`)).toBe(`${R}:tag:1`);
  });

  it('are not what the source has numbered since it was read', () => {
    expect(errant(`${P}:1-12`, `${P}:1-10`)).toBe('');
  });

  it('are what came from anywhere else and the source lacks', () => {
    expect(errant(`${P}:1-10,${OLD}:1-7`, `${P}:1-10,${OLD}:1-5`)).toBe(`${OLD}:6-7`);
  });

  it('are not what came by another channel, from its source or through it', () => {
    const ancestors = [serverId(OLD)];
    const far = '99ec6843-e6d6-11f1-892d-02fc00000004';
    const has = `${P}:1-10,${OLD}:1-7,${far}:1-3`;
    expect(errant(has, `${P}:1-10`, false, [{ executed: set(`${OLD}:1-5,${far}:1-3`), ancestors }])).toBe('');
    expect(errant(has, `${P}:1-10`, false, [{ executed: null, ancestors }])).toBe(`${far}:1-3`);
    expect(errant(`${has},${R}:1`, `${P}:1-10`, false, [{ executed: set(`${far}:1-2`), ancestors }])).toBe(
      `${R}:1,${far}:3`,
    );
  });

  it('of co-primaries are not their own writes', () => {
    expect(errant(`${P}:1-10,${R}:1-9`, `${P}:1-10,${R}:1-5`, true)).toBe('');
    expect(errant(`${P}:1-10,${OLD}:1`, `${P}:1-10`, true)).toBe(`${OLD}:1`);
  });
});
