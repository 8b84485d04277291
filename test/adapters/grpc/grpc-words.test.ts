/** What operators read of a connection that failed. */
import { expect, test } from 'vitest';
import { plainWords } from '../../../src/adapters/grpc/grpc-words.js';

test.each([
  [
    'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:9 (2026-11-23T05:00:00.000Z). Resolution note: .',
    'connect ECONNREFUSED 127.0.0.1:9',
  ],
  ['Protocol error (2026-11-23T05:00:00.000Z)', 'Protocol error'],
  ['two nodes are configured as a', 'two nodes are configured as a'],
])('%s', (said, plain) => {
  expect(plainWords(said)).toBe(plain);
});
