import { describe, expect, it } from 'vitest';
import {
  binlogPositionText,
  compareBinlogPositions,
  parseBinlogPosition,
} from '../../../src/core/topology/binlog-position.js';
import { type ErrantQuestion, errantGtidText } from '../../../src/core/topology/errant.js';
import { type GtidSet, parseGtidSet } from '../../../src/core/topology/gtid-set.js';
import {
  compareGaps,
  formatLogMarks,
  logMarkText,
  type LogMarks,
  parseLogMarks,
  subtractMarks,
  uniteMarks,
} from '../../../src/core/topology/log-marks.js';
import {
  countMariaDb,
  formatMariaDbState,
  type MariaDbState,
  parseMariaDbState,
  subtractMariaDb,
  uniteMariaDb,
  withoutWriters,
} from '../../../src/core/topology/mariadb-gtid.js';
import { serverId } from '../../support/facts.js';

describe('positions in binary logs', () => {
  it('are read back from their text', () => {
    const position = { file: 'bin.000042', position: 1234 };
    expect(parseBinlogPosition(binlogPositionText(position))).toEqual(position);
    for (const text of ['', 'bin.000042', ':4', 'bin.000042:', 'bin.000042:x'])
      expect(parseBinlogPosition(text)).toBeNull();
  });

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

describe('states of MariaDB', () => {
  const read = (text: string): MariaDbState => {
    const parsed = parseMariaDbState(text);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  };
  const minus = (from: string, taken: string): string => formatMariaDbState(subtractMariaDb(read(from), read(taken)));

  it('keep the last of each writer in each domain', () => {
    expect(formatMariaDbState(read('1-2-5, 0-2-99,0-1-90,0-1-100'))).toBe('0-1-100,0-2-99,1-2-5');
    expect(formatMariaDbState(read(''))).toBe('');
    expect(formatMariaDbState(read('0-1-18446744073709551615'))).toBe('0-1-18446744073709551615');
    expect(parseMariaDbState('0-1').ok).toBe(false);
    expect(parseMariaDbState('99ec6843-e6d6-11f1-892d-02fc00000001:1').ok).toBe(false);
  });

  it.each([
    ['nothing, of the same', '0-1-100', '0-1-100', ''],
    ['nothing, of less', '0-1-99', '0-1-100', ''],
    ['what is behind, counted from where the other stands', '0-1-105', '0-1-100', '0-1-101..105'],
    ['what a primary wrote and nobody fetched before another took over', '0-1-105', '0-1-100,0-2-130', '0-1-101..105'],
    ['what somebody wrote to a replica', '0-1-100,0-7-101', '0-1-100', '0-7-101..101'],
    ['nothing, where the log of the other does not reach back so far', '0-3-20,0-1-100', '0-1-110', ''],
    ['nothing, where what lies between is in the relay log', '0-1-105,0-2-108', '0-1-100,0-2-110', ''],
    ['a domain that the other does not know', '0-1-100,1-1-7', '0-1-100', '1-1-7'],
    ['all, of nothing', '0-1-3', '', '0-1-3'],
    ['one of two that took the same number', '0-1-101', '0-1-100,0-2-101', '0-1-101..101'],
  ])('lack %s', (_, from, taken, expected) => {
    expect(minus(from, taken)).toBe(expected);
    expect(minus(expected, taken)).toBe(expected);
  });

  it('count what a difference names', () => {
    expect(countMariaDb(read(minus('0-1-105,1-9-2', '0-1-100')))).toBe(7n);
  });

  it('are united writer by writer', () => {
    expect(formatMariaDbState(uniteMariaDb(read('0-1-100,0-2-3'), read('0-1-99,0-2-7,4-4-4')))).toBe(
      '0-1-100,0-2-7,4-4-4',
    );
    expect(formatMariaDbState(withoutWriters(read('0-1-100,0-2-7,4-2-4'), new Set([2])))).toBe('0-1-100');
  });
});

describe('places in the logs of sources', () => {
  const read = (text: string): LogMarks => {
    const parsed = parseLogMarks(text);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  };
  const minus = (from: string, taken: string): string => formatLogMarks(subtractMarks(read(from), read(taken)));

  it('are read as they are written, whatever the file and the server are called', () => {
    const text = logMarkText({ file: 'my bin,log@1:x%.000009', position: 1234 }, 'MariaDB-Host-3306-7');
    expect(text).not.toMatch(/[\s,]/);
    expect(formatLogMarks(read(text))).toBe(text);
    expect([...read(text).values()]).toEqual([
      { log: 'mariadb-host-3306-7', after: null, until: { file: 'my bin,log@1:x%.000009', position: 1234 } },
    ]);
    expect(parseLogMarks('binlog.000001:4').ok).toBe(false);
  });

  it('lack what lies beyond, in the same log', () => {
    expect(minus('b.000001:9@p', 'b.000001:9@p')).toBe('');
    expect(minus('b.000001:9@p', 'b.000002:4@p')).toBe('');
    expect(minus('b.000002:9@p', 'b.000001:99@p')).toBe('b.000001:99..b.000002:9@p');
  });

  it('say nothing of another log, or of one that was renamed', () => {
    expect(minus('b.000001:9@p', 'b.000001:9@q')).toBe('b.000001:9@p');
    expect(minus('b.000001:9@p', 'c.000001:9@p')).toBe('b.000001:9@p');
  });

  it('unite to the furthest, and gaps can be compared', () => {
    expect(formatLogMarks(uniteMarks(read('b.000001:9@p'), read('b.000001:7@p,b.000001:1@q')))).toBe(
      'b.000001:9@p,b.000001:1@q',
    );
    const gap = (from: string): LogMarks => read(minus('b.000002:100@p', from));
    expect(compareGaps(gap('b.000002:90@p'), gap('b.000002:50@p'))).toBeLessThan(0);
    expect(compareGaps(gap('b.000001:99999@p'), gap('b.000002:4@p'))).toBeGreaterThan(0);
    expect(compareGaps(gap('b.000002:9@p'), gap('b.000002:9@p'))).toBe(0);
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
