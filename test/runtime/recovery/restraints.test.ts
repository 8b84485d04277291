import { expect, it } from 'vitest';
import { refusal } from '../../../src/core/recovery/belief.js';
import { Restraints } from '../../../src/runtime/recovery/restraints.js';
import { serverId } from '../../support/facts.js';

const P = serverId('p');
const AT_WORK = refusal('maintenance', 'p is in maintenance', 'end it');

function begin(): { restraints: Restraints; lines: string[]; changes: () => number } {
  const lines: string[] = [];
  const log = (_fields: object, text: string): void => {
    lines.push(text);
  };
  let changes = 0;
  const restraints = new Restraints({ debug: log, info: log, warn: log, error: log }, () => {
    changes += 1;
  });
  return { restraints, lines, changes: () => changes };
}

it('what keeps us from answering a problem is not said of what that problem has become since', () => {
  const { restraints } = begin();
  const suspicion = { server: P, code: 'UnreachableMaster' } as const;
  restraints.set(suspicion, null, [AT_WORK]);
  expect([...restraints.of([suspicion]).values()]).toEqual([['p is in maintenance (to mend it: end it)']]);
  expect(restraints.of([{ server: P, code: 'DeadMaster' }]).size).toBe(0);
  expect(restraints.of([{ server: serverId('q'), code: 'UnreachableMaster' }]).size).toBe(0);
});

it('the same reasons under another name are shown, and not logged again', () => {
  const { restraints, lines, changes } = begin();
  expect(restraints.set({ server: P, code: 'UnreachableMaster' }, 'p', [AT_WORK])).toBe(true);
  const death = { server: P, code: 'DeadMaster' } as const;
  expect(restraints.set(death, 'p', [AT_WORK])).toBe(false);
  expect([restraints.of([death]).size, lines.length, changes()]).toEqual([1, 1, 2]);
  expect(restraints.set(death, 'p', [AT_WORK])).toBe(false);
  expect(changes()).toBe(2);
});
