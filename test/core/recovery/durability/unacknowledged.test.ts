import { describe, expect, it } from 'vitest';
import type { RecoveryId, ReplacedBy } from '../../../../src/core/recovery/recovery.js';
import { replacedBy, unacknowledgedAmong } from '../../../../src/core/recovery/durability/unacknowledged.js';
import { uuidOf } from '../../../support/worlds/mysql-world.js';
import { takeoverOpening } from '../../../support/worlds/plan-worlds.js';

const P = uuidOf(1);
const GUARANTEED: ReplacedBy = { recovery: '1:a' as RecoveryId, doubts: [], received: `${P}:1-5` };

describe('what a former primary alone has', () => {
  it('was acknowledged to nobody when no failover could lose anything and it waited to the end', () => {
    expect(unacknowledgedAmong(`${P}:6-7`, GUARANTEED, true)).toEqual({ gtids: `${P}:6-7`, because: [] });
  });

  it('may have been acknowledged as far as a replica has received it', () => {
    const replaced = { ...GUARANTEED, received: `${P}:1-6` };
    expect(unacknowledgedAmong(`${P}:6-7`, replaced, true)).toMatchObject({
      gtids: `${P}:7`,
      because: [expect.stringContaining(`${P}:6`)],
    });
  });

  it.each([
    ['nothing is known of the failover', undefined, true],
    ['the failover gave no guarantee', { ...GUARANTEED, doubts: ['semi-sync was off'] }, true],
    ['it did not wait when it was fenced', GUARANTEED, false],
    ['it was closed when it was met', GUARANTEED, undefined],
  ] as const)('is proven of nothing where %s', (_why, replaced, waited) => {
    const proven = unacknowledgedAmong(`${P}:6`, replaced, waited);
    expect(proven.gtids).toBe('');
    expect(proven.because.length).toBeGreaterThan(0);
  });

  it('was written after a planned takeover had closed it, and nobody says that nothing is known of that', () => {
    const replaced = replacedBy(takeoverOpening(), P);
    const { gtids, because } = unacknowledgedAmong(`${P}:6`, replaced ?? undefined, true);
    expect(gtids).toBe('');
    expect(because).toEqual([expect.stringContaining('planned takeover')]);
  });
});
