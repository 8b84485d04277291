import { describe, expect, it } from 'vitest';
import type { KeyValueWrite } from '../../../src/core/ledger/key-value/write.js';
import { FateUnknown, NotLeader, Overloaded } from '../../../src/runtime/ports/consensus-errors.js';
import { LeaderUnreachable } from '../../../src/runtime/ports/key-value.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';
import { noLeaderCalls, startKeyValue } from '../../support/key-value/key-value-node.js';

const put = (key: string, value: string): KeyValueWrite => ({ kind: 'put', key, value });
const NEVER = Number.POSITIVE_INFINITY;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('writes', () => {
  it('that arrive together share one entry and keep their order', async () => {
    const { consensus, keyValue } = await startKeyValue();
    const outcomes = await Promise.all(
      ['1', '2', '3'].map((value) => keyValue.write(put('a', value), 'client', NEVER)),
    );
    expect(outcomes.map((outcome) => outcome.done === 'changed' && outcome.event.revision)).toEqual([1, 2, 3]);
    expect(consensus.index).toBe(1);
    expect(await keyValue.get('a', 'linearizable', NEVER)).toEqual({ value: '3', revision: 3 });
  });

  it('are refused before anything is proposed when they break a limit', async () => {
    const { consensus, keyValue } = await startKeyValue();
    await expect(keyValue.write(put('', 'x'), 'client', NEVER)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(keyValue.get('', 'stale', NEVER)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(consensus.index).toBe(0);
  });

  it('are refused when too many wait, and only those', async () => {
    const { consensus, keyValue } = await startKeyValue();
    consensus.autoCommit = false;
    const large = 'x'.repeat(200_000);
    const writes = Array.from({ length: 100 }, () => keyValue.write(put('a', large), 'client', NEVER));
    const settled = Promise.allSettled(writes);
    for (let turns = 0; turns < 100; turns += 1) {
      await turn();
      consensus.commit();
    }
    const results = await settled;
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(50);
    expect(refused.every(({ reason }) => reason instanceof Overloaded)).toBe(true);
  });

  it('wait for a leader and are then passed on to it', async () => {
    const calls: string[] = [];
    const node = await startKeyValue({
      ...noLeaderCalls,
      write: (leader, write) => {
        calls.push(`${leader.id} ${leader.grpcAddress} ${write.key}`);
        return Promise.resolve({ done: 'unchanged', revision: 7 });
      },
    });
    node.consensus.follow(2, null);
    node.consensus.addresses.set('n2', 'host2:3001');
    const write = node.keyValue.write(put('a', '1'), 'client', NEVER);
    await turn();
    expect(calls).toEqual([]);
    node.consensus.follow(2, 'n2');
    expect(await write).toEqual({ done: 'unchanged', revision: 7 });
    expect(calls).toEqual(['n2 host2:3001 a']);
  });

  it('that were not proposed when this node lost its leadership go to the next leader at once', async () => {
    const passedOn: string[] = [];
    const node = await startKeyValue({
      ...noLeaderCalls,
      write: (_leader, write) => {
        passedOn.push(write.key);
        return Promise.resolve({ done: 'unchanged', revision: 0 });
      },
    });
    node.consensus.autoCommit = false;
    node.consensus.addresses.set('n2', 'h:1');
    const settled: string[] = [];
    for (const key of ['1', '2', '3', '4', '5', '6']) {
      void node.keyValue.write(put(key, 'x'), 'client', NEVER).then(() => settled.push(key));
      await turn();
    }
    expect(node.consensus.proposed).toBe(4);
    node.consensus.follow(2, 'n2');
    await expect.poll(() => settled).toEqual(['5', '6']);
    expect(passedOn).toEqual(['5', '6']);
  });

  it('are tried again while they are certainly not done, and not once they may be', async () => {
    const errors = [
      new LeaderUnreachable({ id: 'n2' as never, grpcAddress: 'h:1' }, 'refused'),
      new NotLeader(null),
      new FateUnknown(),
      new NotLeader(null),
    ];
    let calls = 0;
    const node = await startKeyValue({
      ...noLeaderCalls,
      write: () => {
        calls += 1;
        return Promise.reject(errors[calls - 1] ?? new Error('called too often'));
      },
    });
    node.consensus.addresses.set('n2', 'h:1');
    node.consensus.follow(2, 'n2');
    await expect(node.keyValue.write(put('a', '1'), 'client', NEVER)).rejects.toMatchObject({ done: 'unknown' });
    expect(calls).toBe(3);
  });

  it('give up at the deadline and say that nothing was done', async () => {
    const clock = new FakeClock();
    const { consensus, keyValue } = await startKeyValue(noLeaderCalls, clock);
    consensus.follow(2, null);
    const write = keyValue.write(put('a', '1'), 'client', clock.now + 500);
    const refused = expect(write).rejects.toMatchObject({ code: 'NOT_LEADER', done: 'no' });
    await clock.advance(1000);
    await refused;
  });

  it('of another node are not passed on a second time', async () => {
    const { consensus, keyValue } = await startKeyValue();
    consensus.addresses.set('n2', 'h:1');
    consensus.follow(2, 'n2');
    await expect(keyValue.write(put('a', '1'), 'node', NEVER)).rejects.toBeInstanceOf(NotLeader);
  });
});

describe('reads', () => {
  it('that are linearizable wait for a confirmation asked for after they came; stale ones do not', async () => {
    const { consensus, keyValue } = await startKeyValue();
    const confirmations: (() => void)[] = [];
    consensus.confirmRead = () => new Promise((resolve) => confirmations.push(() => resolve(consensus.index)));
    await keyValue.write(put('a', '1'), 'client', NEVER);
    const first = Promise.all([keyValue.get('a', 'linearizable', NEVER), keyValue.get('b', 'linearizable', NEVER)]);
    await turn();
    expect(confirmations).toHaveLength(1);
    expect(await keyValue.get('a', 'stale', NEVER)).toEqual({ value: '1', revision: 1 });
    const second = keyValue.get('a', 'linearizable', NEVER);
    await turn();
    expect(confirmations).toHaveLength(2);
    confirmations[0]?.();
    expect(await first).toEqual([{ value: '1', revision: 1 }, null]);
    confirmations[1]?.();
    await second;
  });

  it('fail with what the quorum said when there is none by the deadline', async () => {
    const { consensus, keyValue } = await startKeyValue();
    consensus.confirmRead = () => Promise.reject(new NotLeader(null));
    await expect(keyValue.get('a', 'linearizable', 0)).rejects.toBeInstanceOf(NotLeader);
  });
});
