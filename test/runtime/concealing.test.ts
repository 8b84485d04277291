// What others say is in the log of the cluster and at every door once it is in; a secret in it is cut out before.
import { expect, it } from 'vitest';
import { concealingHooks, concealingSessions, concealingStore } from '../../src/runtime/concealing.js';
import { OperationalError } from '../../src/runtime/errors.js';
import type { HookOrder } from '../../src/runtime/ports/hooks.js';
import type { SessionOptions } from '../../src/runtime/ports/mysql.js';
import { serverId } from '../support/facts.js';

const SECRET = 's3cret';
const conceal = (text: string): string => text.replaceAll(SECRET, '***');
const step = { kind: 'look', server: serverId('a') } as const;
const context = { address: { host: 'db1', port: 3306 }, other: null, siblings: [] };
const unreachable = (): Promise<never> => Promise.reject(new OperationalError('MYSQL_CONNECT', `no ${SECRET}`));

it('what a server answers to a step is read without it, its GTIDs left alone', async () => {
  const findings = { text: `was told ${SECRET}`, executedGtids: SECRET };
  let isAlive = true;
  const sessions = concealingSessions(
    {
      open: () =>
        Promise.resolve({
          get alive() {
            return isAlive;
          },
          execute: () => Promise.resolve({ ok: true, findings }),
          close: () => Promise.resolve(),
        }),
    },
    conceal,
  );
  const session = await sessions.open({} as SessionOptions);
  const told = { ok: true, findings: { text: 'was told ***', executedGtids: SECRET } };
  expect(await session.execute(step, context)).toEqual(told);
  expect(session.alive).toBe(true);
  isAlive = false;
  expect(session.alive).toBe(false);
});

it('why a server could not be opened, and why a store could not be told, is said without it', async () => {
  const failure = { code: 'MYSQL_CONNECT', message: 'no ***' };
  const sessions = concealingSessions({ open: unreachable }, conceal);
  await expect(sessions.open({} as SessionOptions)).rejects.toMatchObject(failure);
  const store = concealingStore({ name: `Consul at ${SECRET}:8500`, write: unreachable }, conceal);
  await expect(store.write([], () => Promise.resolve())).rejects.toMatchObject(failure);
  expect(store.name).toBe('Consul at ***:8500');
});

it('what a command prints is kept without it', async () => {
  const error = `exit code 1: ${SECRET}`;
  const run = (): Promise<{ ok: false; code: 'hook'; error: string; retriable: false; lines: string[] }> =>
    Promise.resolve({ ok: false, code: 'hook', error, retriable: false, lines: [`password ${SECRET}`, 'done'] });
  const hooks = concealingHooks({ configured: new Set(['after-success']), run }, conceal);
  expect(await hooks.run({} as HookOrder)).toMatchObject({
    error: 'exit code 1: ***',
    lines: ['password ***', 'done'],
  });
  expect(hooks.configured.has('after-success')).toBe(true);
});
