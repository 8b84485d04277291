import { describe, expect, it } from 'vitest';
import type { Membership, NodeId } from '../../../src/core/raft/message.js';
import type { StoredSnapshot } from '../../../src/runtime/ports/snapshot-store.js';
import { type Restart, readDisk } from '../../../src/runtime/raft-worker/restart.js';
import { hard, run } from '../../contracts/log-store.js';
import { MemoryDisk } from '../../support/raft/raft-memory-cluster.js';

const A = 'a' as NodeId;
const birth: Membership = { voters: [A, 'b' as NodeId, 'c' as NodeId], outgoing: [], learners: [], addresses: {} };

function snapshotAt(index: number, term: number): StoredSnapshot {
  return { mark: { index, term, membership: birth }, bytes: new Uint8Array() };
}

async function prepared(act: (disk: MemoryDisk) => Promise<void>): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await disk.log.open();
  await act(disk);
  await disk.log.close();
  return disk;
}

async function read(disk: MemoryDisk): Promise<Restart> {
  return readDisk(A, birth, disk.log, disk.snapshots);
}

/** What a second start finds, whatever the first one put right. */
async function readTwice(disk: MemoryDisk): Promise<[Restart, Restart]> {
  const first = await read(disk);
  await disk.log.close();
  return [first, await read(disk)];
}

describe('what a node believes of its disk', () => {
  it('nothing, when it never held anything', async () => {
    expect(await read(new MemoryDisk())).toEqual({
      snapshot: null,
      fresh: true,
      events: [],
      start: {
        hardState: hard(0),
        snapshot: { index: 0, term: 0, membership: birth },
        entries: [],
        learnerOnly: false,
      },
    });
  });

  it('the log as it is, without a snapshot', async () => {
    const disk = await prepared((d) =>
      d.log.append({ hardState: hard(2, 'b', 3), restart: null, entries: run(1, 5, 2) }),
    );
    const { start, fresh } = await read(disk);
    expect(fresh).toBe(false);
    expect(start).toMatchObject({ hardState: hard(2, 'b', 3), learnerOnly: false });
    expect(start.entries).toHaveLength(5);
  });

  it('the log from before the snapshot on, when it holds its last entry', async () => {
    const disk = await prepared((d) => d.log.append({ hardState: hard(2), restart: null, entries: run(1, 9, 2) }));
    await disk.snapshots.save(snapshotAt(6, 2));
    const { start, snapshot } = await read(disk);
    expect(start.entries).toHaveLength(9);
    expect(start.snapshot.index).toBe(6);
    expect(snapshot?.mark.index).toBe(6);
  });

  it.each([
    ['ends before it', run(1, 4, 1)],
    ['has another entry there', run(1, 9, 1)],
  ])('not a log that %s: a snapshot of the leader has taken its place', async (_, entries) => {
    const disk = await prepared((d) => d.log.append({ hardState: hard(1), restart: null, entries }));
    await disk.snapshots.save(snapshotAt(6, 3));
    const [first, second] = await readTwice(disk);
    for (const { start } of [first, second]) {
      expect(start.entries).toEqual([]);
      expect(start.learnerOnly).toBe(false);
      // The snapshot's term is known by it, if by nothing else.
      expect(start.hardState).toMatchObject({ term: 3, vote: null });
    }
    await disk.log.append({ hardState: hard(3), restart: null, entries: run(7, 8, 3) });
    await disk.log.close();
    expect((await read(disk)).start.entries).toHaveLength(2);
  });

  it('that it forgot, when the log says so', async () => {
    const disk = await prepared((d) => d.log.append({ hardState: hard(2), restart: null, entries: run(1, 3, 2) }));
    disk.log.forget('the log ends at record 4, but record 8 was acknowledged');
    const { start, events, fresh } = await read(disk);
    expect(start.learnerOnly).toBe(true);
    expect(fresh).toBe(false);
    expect(events).toMatchObject([{ level: 'error', kind: 'damaged-log' }]);
    expect(events[0]?.text).toContain('record 8 was acknowledged');
  });

  it('that it forgot, when no snapshot reaches the beginning of the log, and over the next start too', async () => {
    const disk = await prepared(async (d) => {
      await d.log.append({ hardState: hard(2, null, 9), restart: null, entries: run(1, 9, 2) });
      await d.log.compact(6);
    });
    await disk.snapshots.save(snapshotAt(3, 2));
    const [first, second] = await readTwice(disk);
    expect(first.events[0]?.text).toContain(
      'the log begins after entry 5, and no snapshot reaches that far (none is left)',
    );
    for (const { start } of [first, second]) {
      expect(start).toMatchObject({ learnerOnly: true, entries: [], snapshot: { index: 3 } });
    }
  });
});
