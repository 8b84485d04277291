/** The GTIDs of a set one by one, as `SET gtid_next` takes them; of a set that is known to be small. */
import { assert } from '../base/assert.js';
import { formatGtidSet, type GtidSet } from './gtid-set.js';

export function listGtids(set: GtidSet, most: number): readonly string[] {
  const list: string[] = [];
  for (const part of formatGtidSet(set).split(',')) {
    const pieces = part.split(':');
    const uuid = pieces[0] ?? '';
    let tag = '';
    for (const piece of pieces.slice(1)) {
      if (!/^\d/.test(piece)) {
        tag = `:${piece}`;
        continue;
      }
      const [first = '0', last = first] = piece.split('-');
      for (let number = BigInt(first); number <= BigInt(last); number += 1n) {
        list.push(`${uuid}${tag}:${String(number)}`);
        assert(list.length <= most, `a set of more than ${String(most)} GTIDs is not listed one by one`);
      }
    }
  }
  return list;
}
