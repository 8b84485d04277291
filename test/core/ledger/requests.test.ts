import { describe, expect, it } from 'vitest';
import { REQUESTS_KEPT } from '../../../src/core/ledger/apply/requests.js';
import { Ledger } from '../../../src/core/ledger/ledger.js';
import { FedLedger } from '../../support/ledger.js';

const ANSWER = { status: 200, contentType: 'application/json', body: '{}', headers: {} };

function begun(key: string, attempt: string, lifetimeMs = 60_000) {
  return { kind: 'request-begun' as const, key, attempt, subject: 'a', by: 'ann', node: 'n1', lifetimeMs };
}

function finished(key: string, attempt: string, answer: typeof ANSWER | null = ANSWER) {
  return { kind: 'request-finished' as const, key, attempt, answer };
}

describe('a request under a key', () => {
  it('belongs to the attempt that was first in the log', () => {
    const fed = new FedLedger();
    fed.feed(begun('k', 'first'));
    fed.feed(begun('k', 'second'));
    fed.feed(finished('k', 'second'));
    expect(fed.state.requests.get('k')).toMatchObject({ attempt: 'first', answer: null });
    fed.feed(finished('k', 'first'));
    expect(fed.state.requests.get('k')?.answer).toEqual(ANSWER);
  });

  it('can be begun again when nothing was done, and when it has expired', () => {
    const fed = new FedLedger();
    fed.feed(begun('k', 'first'), 1_000_000);
    fed.feed(finished('k', 'first', null), 1_000_001);
    fed.feed(begun('k', 'second', 10_000), 1_000_002);
    expect(fed.state.requests.get('k')?.attempt).toBe('second');
    fed.feed(begun('k', 'third'), 1_010_001);
    expect(fed.state.requests.get('k')?.attempt).toBe('second');
    fed.feed(begun('k', 'third'), 1_010_002);
    expect(fed.state.requests.get('k')?.attempt).toBe('third');
  });

  it('is in snapshots and in no audit', () => {
    const fed = new FedLedger();
    expect([...fed.feed(begun('k', 'first')), ...fed.feed(finished('k', 'first'))]).toEqual([]);
    const copy = new Ledger();
    copy.restore(fed.ledger.snapshot());
    expect([...copy.state.requests]).toEqual([...fed.state.requests]);
  });

  it('is forgotten, the oldest first, when there are too many or their answers too long', () => {
    const fed = new FedLedger();
    for (let at = 0; at <= REQUESTS_KEPT; at++) fed.feed(begun(`k${String(at)}`, 'a', 1e9));
    expect(fed.state.requests.size).toBe(REQUESTS_KEPT);
    expect(fed.state.requests.has('k0')).toBe(false);
    const long = { ...ANSWER, body: 'x'.repeat(2_500_000) };
    fed.feed(finished('k1', 'a', long));
    expect(fed.state.requests.get('k1')?.answer).toEqual(long);
    fed.feed(finished('k2', 'a', long));
    expect(fed.state.requests.has('k1')).toBe(false);
    expect(fed.state.requests.get('k2')?.answer).toEqual(long);
  });
});

describe('an access token', () => {
  const issued = {
    kind: 'access-token-issued' as const,
    publicToken: 'p',
    by: 'ann',
    useWithinMs: 60_000,
    lifetimeMs: 600_000,
  };
  const acquired = (secretDigest: string) => ({
    kind: 'access-token-acquired' as const,
    publicToken: 'p',
    secretDigest,
  });

  it('is given to one, in time, and ends', () => {
    const fed = new FedLedger();
    fed.feed(issued, 1_000_000);
    fed.feed(acquired('one'), 1_059_999);
    expect(fed.feed(acquired('two'), 1_059_999)).toMatchObject([{ kind: 'rejected' }]);
    expect(fed.state.accessTokens.get('p')?.secretDigest).toBe('one');
    fed.feed({ ...issued, publicToken: 'q' }, 1_600_000);
    expect([...fed.state.accessTokens.keys()]).toEqual(['q']);
  });

  it('is given to nobody after its time', () => {
    const fed = new FedLedger();
    fed.feed(issued, 1_000_000);
    expect(fed.feed(acquired('one'), 1_060_000)).toMatchObject([{ kind: 'rejected' }]);
    expect(fed.state.accessTokens.size).toBe(0);
  });
});
