import { expect, it } from 'vitest';
import { Ledger } from '../../../src/core/ledger/ledger.js';
import { decodeSnapshot, encodeSnapshot } from '../../../src/core/ledger/snapshot.js';
import { FedLedger } from '../../support/ledger.js';

it('the brake is applied once, survives a snapshot, and tells who released it and when', () => {
  const fed = new FedLedger();
  fed.feed({ kind: 'brake-applied', reason: 'many at once' });
  fed.feed({ kind: 'brake-applied', reason: 'again' });
  expect(fed.state.brake).toMatchObject({ reason: 'many at once' });
  const restored = new Ledger();
  restored.restore(fed.ledger.snapshot());
  expect(restored.state.brake).toEqual(fed.state.brake);
  fed.feed({ kind: 'brake-released', by: 'ann' });
  expect(fed.state).toMatchObject({ brake: null, brakeReleasedAtMs: fed.state.nowMs });
  expect(fed.state.audit.map(({ kind }) => kind)).toEqual(['brake-applied', 'brake-released']);
  fed.feed({ kind: 'brake-released', by: 'ben' });
  expect(fed.state.audit).toHaveLength(2);
});

it('a snapshot of before there was a brake has none', () => {
  const text = new TextDecoder().decode(encodeSnapshot(new FedLedger().state));
  const old = text.replace('"brake":null,"brakeReleasedAtMs":0,', '');
  expect(old.length).toBeLessThan(text.length);
  expect(decodeSnapshot(new TextEncoder().encode(old))).toMatchObject({ brake: null, brakeReleasedAtMs: 0 });
});
