/** Which founding a log goes back to: the first name in it, on every node, after every snapshot. */
import { expect, test } from 'vitest';
import { encodeFounding } from '../../../src/core/ledger/founding.js';
import { Ledger } from '../../../src/core/ledger/ledger.js';

const [FIRST, SECOND] = ['1'.repeat(32), '2'.repeat(32)];

test('the first name in the log holds for ever', () => {
  const ledger = new Ledger();
  expect(ledger.state.founding).toBeNull();
  ledger.open(1, encodeFounding(FIRST));
  ledger.open(2, encodeFounding(SECOND));
  expect(ledger.state).toMatchObject({ index: 2, founding: FIRST });
});

test('a log that was begun without a name gets one from a later leader', () => {
  const ledger = new Ledger();
  ledger.open(1, new Uint8Array(0));
  expect(ledger.state.founding).toBeNull();
  ledger.open(2, encodeFounding(SECOND));
  expect(ledger.state.founding).toBe(SECOND);
});

test('a snapshot knows it', () => {
  const ledger = new Ledger();
  ledger.open(1, encodeFounding(FIRST));
  const other = new Ledger();
  other.restore(ledger.snapshot());
  other.open(2, encodeFounding(SECOND));
  expect(other.state.founding).toBe(FIRST);
});

test('what is no name names nothing', () => {
  const ledger = new Ledger();
  ledger.open(1, new Uint8Array([1, 2, 3]));
  expect(ledger.state.founding).toBeNull();
});
