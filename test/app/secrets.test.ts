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

test('what a command line or a query calls a secret is one by itself', async () => {
  const secrets = new Secrets();
  const lines = [
    "curl -H 'X-Token: abcdef-1' https://alerts.example/{failureCluster}",
    'notify --password=abcdef-2 --to ops-team',
    'page "Authorization: Bearer abcdef-3" ; logger failover',
    'PASSWORD="$FROM_ENVIRONMENT" run',
  ];
  const content = { PostFailoverProcesses: lines, ReplicationCredentialsQuery: "SELECT 'replicator' AS u, 'abcdef-4'" };
  secrets.learn((await load(content)).config);
  const said = 'abcdef-1 abcdef-2 abcdef-3 abcdef-4 ops-team replicator failover alerts.example $FROM_ENVIRONMENT';
  expect(secrets.cutOut(said)).toBe(
    '(secret) (secret) (secret) (secret) ops-team replicator failover alerts.example $FROM_ENVIRONMENT',
  );
});
