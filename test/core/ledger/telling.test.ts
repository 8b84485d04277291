import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../src/core/ledger/ledger.js';
import { encodeCommand, SINCE } from '../../../src/core/ledger/codec.js';
import type { Command } from '../../../src/core/ledger/command.js';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import type { ClusterId } from '../../../src/core/topology/server.js';
import { observed } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { uuidOf } from '../../support/worlds/mysql-world.js';
import { NO_FACTS } from '../../support/recording-hooks.js';

const P = uuidOf(1);
const id = '1:a' as RecoveryId;
const cluster = P as string as ClusterId;

type Unstamped = Command extends infer One ? (One extends Command ? Omit<One, 'atMs'> : never) : never;

function ledgerWith(...commands: readonly Unstamped[]): { ledger: Ledger; kinds: string[] } {
  const ledger = new Ledger();
  const kinds: string[] = [];
  const all = [{ kind: 'topology-observed', servers: [observed(P, null)] }, ...commands];
  for (const [at, command] of all.entries()) {
    const { facts } = ledger.apply(at + 1, encodeCommand({ ...command, atMs: 1000 + at } as Command));
    kinds.push(facts.map(({ kind }) => kind).join(' '));
  }
  return { ledger, kinds };
}

const opened: Unstamped = { kind: 'recovery-opened', recovery: recoveryOf(id, cluster, P) };
const closed: Unstamped = { kind: 'recovery-closed', recoveryId: id, verdict: { kind: 'succeeded' }, lost: [] };
const hooks = { number: 1, attempt: 1, step: { kind: 'hooks', server: P, list: 'after-success' } } as const;
const intended = (term: number, step: unknown = hooks): Unstamped =>
  ({ kind: 'aftermath-intended', recoveryId: id, term, step }) as Unstamped;
const done: Unstamped = { kind: 'aftermath-finished', recoveryId: id, number: 1, outcome: { ok: true, findings: {} } };

describe('what follows a recovery', () => {
  it('is a step of its record, once it is closed, finished once', () => {
    const { ledger, kinds } = ledgerWith(opened, closed, intended(1), done, done);
    expect(kinds.slice(3)).toEqual(['step-intended', 'step-finished', 'rejected']);
    expect(ledger.state.recoveries.get(id)?.steps).toMatchObject([
      { step: hooks.step, outcome: { ok: true }, term: 1 },
    ]);
  });

  it('is refused of a recovery that is open, of another kind of step, and from a former leader', () => {
    expect(ledgerWith(opened, intended(1)).kinds.at(-1)).toBe('rejected');
    const open = { number: 1, attempt: 1, step: { kind: 'open', server: P, epoch: 1, semiSync: null } };
    expect(ledgerWith(opened, closed, intended(1, open)).kinds.at(-1)).toBe('rejected');
    expect(ledgerWith(opened, closed, intended(3), intended(2)).kinds.at(-1)).toBe('rejected');
  });

  it('waits until every node can read it', () => {
    expect([SINCE['aftermath-intended'], SINCE['detection-finished']]).toEqual([3, 3]);
  });
});

describe('a detection', () => {
  const told = (term: number, attempt: number): Unstamped => ({
    kind: 'detection-intended',
    detection: { id: 'd1', server: P, clusterId: cluster, sort: 'actionable', facts: NO_FACTS, term, attempt },
  });
  const key = `actionable ${P}`;
  const finished: Unstamped = { kind: 'detection-finished', key, id: 'd1', outcome: { ok: true, findings: {} } };

  it('keeps its time when it is told again, is finished once, and is part of a snapshot', () => {
    const { ledger, kinds } = ledgerWith(told(1, 1), told(2, 2), finished, finished);
    expect(kinds.slice(1)).toEqual(['detection', 'detection', 'detection-told', 'rejected']);
    expect(ledger.state.detections.get(key)).toMatchObject({ detectedAtMs: 1001, attempt: 2, outcome: { ok: true } });
    const copy = new Ledger();
    copy.restore(ledger.snapshot());
    expect([...copy.state.detections]).toEqual([...ledger.state.detections]);
  });

  it('is refused from a former leader, and goes with its server', () => {
    expect(ledgerWith(told(3, 1), told(2, 2)).kinds.at(-1)).toBe('rejected');
    const gone: Unstamped = { kind: 'servers-forgotten', servers: [P], addresses: [], by: 'me' };
    expect(ledgerWith(told(1, 1), gone).ledger.state.detections.size).toBe(0);
  });
});
