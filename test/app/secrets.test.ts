import { expect, test } from 'vitest';
import { Secrets } from '../../src/app/secrets.js';
import { load } from './config-files.js';

test('all passwords of a configuration are known without being listed, and those of before as well', async () => {
  const secrets = new Secrets();
  const content = {
    AuthenticationMethod: 'basic',
    HTTPAuthUser: 'u',
    HTTPAuthPassword: 'se"same',
    MySQLTopologyPassword: 'open sesame',
    ReplicationCredentialsQuery: "select 'repl', 'swordfish'",
  };
  secrets.learn((await load(content)).config);
  secrets.learn((await load({ MySQLTopologyPassword: 'tomorrow' })).config);
  const text = `open sesame, open%20sesame, ${JSON.stringify('a se"same')}, tomorrow, ${content.ReplicationCredentialsQuery}`;
  expect(secrets.cutOut(text)).toBe('(secret), (secret), "a (secret)", (secret), (secret)');
});

test('of two that begin alike, none leaves its end behind', () => {
  expect(new Secrets(['sesame', 'sesame-two']).cutOut('x sesame-two y')).toBe('x (secret) y');
});

test('our own name is no secret, nor is what is found everywhere', () => {
  expect(new Secrets(['orchestrator', 'abc']).cutOut('orchestrator abc')).toBe('orchestrator abc');
});
