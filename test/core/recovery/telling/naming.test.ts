import { expect, it } from 'vitest';
import { named, withoutName } from '../../../../src/core/recovery/telling/naming.js';

it('a name is said once, whoever said it first', () => {
  for (const text of ['it cannot log in', 'db-1:3306: it cannot log in']) {
    expect(named('db-1:3306', text)).toBe('db-1:3306: it cannot log in');
    expect(withoutName('db-1:3306', text)).toBe('it cannot log in');
  }
  expect(named('db-1:3306', 'db-1:33060: it cannot log in')).toBe('db-1:3306: db-1:33060: it cannot log in');
});
