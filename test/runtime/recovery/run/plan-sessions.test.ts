// A server that lives is not left behind by a failover because the leader's own process stood still while it connected.
import { describe, expect, it } from 'vitest';
import type { ClusterId } from '../../../../src/core/topology/server.js';
import { type ErrorCode, OperationalError } from '../../../../src/runtime/errors.js';
import type { ServerSession } from '../../../../src/runtime/ports/mysql.js';
import { PlanSessions } from '../../../../src/runtime/recovery/run/plan-sessions.js';
import { TestAuthority } from '../../../support/authority.js';
import { addressOf, serverId } from '../../../support/facts.js';

const TIMEOUT_MS = 1000;

const session: ServerSession = {
  alive: true,
  execute: () => Promise.resolve({ ok: true, findings: {} }),
  close: () => Promise.resolve(),
};

/** The first attempt fails after so long, the second one succeeds. */
function sessionsAfter(
  failedMs: number,
  code: ErrorCode = 'MYSQL_CONNECT',
): { readonly sessions: PlanSessions; tries(): number } {
  let [nowMs, tries] = [0, 0];
  const sessions = new PlanSessions({
    opener: {
      open: () => {
        tries += 1;
        if (tries > 1) return Promise.resolve(session);
        nowMs += failedMs;
        return Promise.reject(new OperationalError(code, 'no answer'));
      },
    },
    clusterId: 'c1' as ClusterId,
    authority: new TestAuthority(),
    clock: { nowMs: () => nowMs },
    timeoutMs: TIMEOUT_MS,
    barrierTimeoutMs: 5000,
  });
  return { sessions, tries: () => tries };
}

describe('the session of a plan', () => {
  it('is asked for once more when the deadline was noticed long after it had passed: nobody could be heard', async () => {
    const { sessions } = sessionsAfter(TIMEOUT_MS + 1500);
    await expect(sessions.on(serverId('r1'), addressOf('r1'))).resolves.toBe(session);
  });

  it.each<readonly [string, number, ErrorCode]>([
    ['the server was silent for as long as it may be', TIMEOUT_MS + 20, 'MYSQL_CONNECT'],
    ['it refused', 1, 'MYSQL_CONNECT'],
    ['the barrier is in other hands', TIMEOUT_MS + 4000, 'MYSQL_BARRIER'],
    ['the lease has lapsed', TIMEOUT_MS + 1500, 'LEASE_LAPSED'],
  ])('is not asked for again when %s', async (_why, failedMs, code) => {
    const { sessions, tries } = sessionsAfter(failedMs, code);
    await expect(sessions.on(serverId('r1'), addressOf('r1'))).rejects.toMatchObject({ code });
    expect(tries()).toBe(1);
  });
});
