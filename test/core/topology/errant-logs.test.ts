import { describe, expect, it } from 'vitest';
import { locateErrant } from '../../../src/core/topology/errant-logs.js';
import { formatGtidSet, type GtidSet, parseGtidSet } from '../../../src/core/topology/gtid-set.js';

const OURS = '11111111-1111-1111-1111-111111111111';
const THEIRS = '22222222-2222-2222-2222-222222222222';

function set(text: string): GtidSet {
  const parsed = parseGtidSet(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const LOGS = [
  { file: 'binlog.000003', previous: set(`${THEIRS}:1-10`) },
  { file: 'binlog.000004', previous: set(`${THEIRS}:1-20,${OURS}:1`) },
  { file: 'binlog.000005', previous: set(`${THEIRS}:1-30,${OURS}:1`) },
];
const EXECUTED = set(`${THEIRS}:1-35,${OURS}:1-3`);

describe('errant transactions are found', () => {
  it.each([
    [`${OURS}:1`, ['binlog.000003']],
    [`${OURS}:1-3`, ['binlog.000003', 'binlog.000005']],
    [`${OURS}:2`, ['binlog.000005']],
    [`${THEIRS}:25-32`, ['binlog.000004', 'binlog.000005']],
  ])('%s in %j', (gtids, files) => {
    const found = locateErrant(set(gtids), LOGS, EXECUTED);
    expect(found.files).toEqual(files);
    expect(formatGtidSet(found.purged)).toBe('');
  });

  it('or named as purged', () => {
    const found = locateErrant(set(`${THEIRS}:8-11`), LOGS, EXECUTED);
    expect(found.files).toEqual(['binlog.000003']);
    expect(formatGtidSet(found.purged)).toBe(`${THEIRS}:8-10`);
    expect(locateErrant(set(`${THEIRS}:8`), LOGS, EXECUTED).files).toEqual([]);
  });
});
