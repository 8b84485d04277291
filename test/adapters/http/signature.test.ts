import { expect, test } from 'vitest';
import { signed } from '../../../src/adapters/http/signature.js';
import { openFixture } from './http-fixture.js';

const ERROR = '{"Code":"ERROR","Message":"no such thing","Details":null}';

test('an error is signed once, by whoever answered first', () => {
  const once = signed(ERROR, 'orc "one"');
  expect(JSON.parse(once)).toMatchObject({ Message: 'Orchestrator orc "one" says: no such thing' });
  expect(signed(once, 'two')).toBe(once);
});

test('nothing else is, and nothing without a name', () => {
  expect(signed(ERROR, '')).toBe(ERROR);
  expect(signed('Not Authorized\n', 'one')).toBe('Not Authorized\n');
});

test('over HTTP', async () => {
  const http = await openFixture({ identity: 'orc1' });
  const { body } = await http.get('/api/instance/nobody/3306');
  expect(body).toMatchObject({ Message: expect.stringMatching(/^Orchestrator orc1 says: /) as string });
  await http.close();
});
