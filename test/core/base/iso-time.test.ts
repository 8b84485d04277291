import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoTime } from '../../../src/core/base/iso-time.js';

it('an instant is written as the calendar of the machine writes it, leap years and ends of centuries too', () => {
  const known = [0, 951_782_399_999, 951_782_400_000, 4_107_542_399_000, 1_709_164_800_000];
  for (const ms of known) expect(isoTime(ms)).toBe(`${new Date(ms).toISOString().slice(0, 19)}Z`);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
      expect(isoTime(ms)).toBe(`${new Date(ms).toISOString().slice(0, 19)}Z`);
    }),
  );
});
