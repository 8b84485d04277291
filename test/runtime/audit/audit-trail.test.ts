import { expect, test } from 'vitest';
import { AuditTrail } from '../../../src/runtime/audit/audit-trail.js';
import type { AuditEntry } from '../../../src/runtime/ports/audit-outlets.js';
import { FedLedger } from '../../support/ledger.js';

interface Scene {
  readonly ledger: FedLedger;
  readonly trail: AuditTrail;
  readonly got: AuditEntry[][];
  readonly troubles: unknown[];
  fails: boolean;
  later: (() => void) | null;
}

function scene(): Scene {
  const ledger = new FedLedger();
  const got: AuditEntry[][] = [];
  const troubles: unknown[] = [];
  const outlet = {
    write: (entries: readonly AuditEntry[]) => {
      if (self.fails) return Promise.reject(new Error('no room'));
      got.push([...entries]);
      return Promise.resolve();
    },
  };
  const trail = new AuditTrail({
    clock: {
      setTimer: (_ms: number, act: () => void) => {
        self.later = act;
        return { cancel: () => undefined };
      },
    },
    state: () => ledger.state,
    outlets: [outlet],
    onTrouble: (error) => void troubles.push(error),
  });
  const self: Scene = { ledger, trail, got, troubles, fails: false, later: null };
  return self;
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function happen({ ledger, trail }: Scene, enabled: boolean): void {
  ledger.feed({ kind: 'recoveries-switched', enabled, by: 'ann' });
  trail.noticeApplied();
}

test('each line once and in order, also those that come while others are written', async () => {
  const scenery = scene();
  for (const enabled of [false, true, false]) happen(scenery, enabled);
  await settled();
  const numbers = scenery.got.flat().map(({ number }) => number);
  expect(numbers).toEqual(scenery.ledger.state.audit.map(({ number }) => number));
  expect(scenery.got.flat()[0]?.text).toContain('ann');
});

test('what could not be written comes later, and trouble is told once', async () => {
  const scenery = scene();
  scenery.fails = true;
  happen(scenery, false);
  await settled();
  happen(scenery, true);
  await settled();
  scenery.later?.();
  await settled();
  expect(scenery.troubles).toHaveLength(1);
  scenery.fails = false;
  scenery.later?.();
  await settled();
  expect(scenery.troubles).toHaveLength(2);
  expect(scenery.troubles[1]).toBeNull();
  expect(scenery.got.flat()).toHaveLength(scenery.ledger.state.audit.length);
});
