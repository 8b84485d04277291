import { expect, it } from 'vitest';
import { foundTargets } from '../../../src/runtime/probing/wanted.js';
import { addressOf } from '../../support/facts.js';
import { goodProbe } from '../../support/probes.js';

it('a member of a group names the others, who replicate from it by no channel of theirs', () => {
  const group = {
    name: 'g',
    singlePrimary: true,
    state: 'ONLINE',
    role: 'PRIMARY',
    others: [addressOf('m2'), addressOf('m3')],
    primary: addressOf('m1'),
  } as const;
  const probe = goodProbe('m1', { atMs: 0, facts: { group } });
  if (!probe.ok) throw new Error('it answers');
  const isKnown = ({ host }: { host: string }): boolean => host === 'm2';
  expect(foundTargets(probe.report, isKnown)).toEqual([{ address: addressOf('m3'), origin: 'replica' }]);
});
