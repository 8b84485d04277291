import { mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSnapshotStore } from '../../../src/adapters/level/file-snapshot-store.js';
import type { NodeId } from '../../../src/core/raft/message.js';
import type { SnapshotChunk } from '../../../src/runtime/ports/peer-transport.js';
import type { StoredSnapshot } from '../../../src/runtime/ports/snapshot-store.js';

const membership = { voters: ['a' as NodeId], outgoing: [], learners: [], addresses: { a: 'host:1' } };

function snapshot(index: number, size = 1000): StoredSnapshot {
  const bytes = Uint8Array.from({ length: size }, (_, position) => (position * 31 + index) & 0xff);
  return { mark: { index, term: 2, membership }, bytes };
}

describe('snapshots in files', () => {
  let directory: string;
  let store: FileSnapshotStore;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'raft-snapshots-'));
    store = new FileSnapshotStore(directory);
    await store.newest();
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  const file = (name: string): string => join(directory, 'snapshots', name);
  const name = (index: number): string => `snapshot-${String(index).padStart(16, '0')}-${'2'.padStart(16, '0')}`;

  async function chunks(index: number, offset = 0): Promise<SnapshotChunk[]> {
    const found: SnapshotChunk[] = [];
    for await (const chunk of (await store.read(index, 2, offset)) ?? []) found.push(chunk);
    return found;
  }

  it('has none at first', async () => {
    expect(await store.newest()).toEqual({ snapshot: null, damaged: [] });
    expect(await store.read(5, 2, 0)).toBeNull();
  });

  it('hands out the newest and keeps two', async () => {
    for (const index of [9, 100, 1000]) await store.save(snapshot(index));
    const newest = await store.newest();
    expect(newest.damaged).toEqual([]);
    expect(newest.snapshot?.mark).toEqual(snapshot(1000).mark);
    expect(Buffer.compare(newest.snapshot?.bytes ?? Buffer.of(), snapshot(1000).bytes)).toBe(0);
    expect((await readdir(join(directory, 'snapshots'))).sort()).toEqual([name(100), name(1000)]);
  });

  it.each([
    ['a flipped bit in its bytes', async (path: string) => overwrite(path, -5)],
    ['a flipped bit in its head', async (path: string) => overwrite(path, 20)],
    ['an end that is missing', (path: string) => truncate(path, 500)],
    ['no content', (path: string) => truncate(path, 0)],
  ])('passes over one with %s', async (_, harm) => {
    await store.save(snapshot(1));
    await store.save(snapshot(2));
    await harm(file(name(2)));
    const newest = await store.newest();
    expect(newest.snapshot?.mark.index).toBe(1);
    expect(newest.damaged).toEqual([name(2)]);
  });

  async function overwrite(path: string, position: number): Promise<void> {
    const handle = await open(path, 'r+');
    const at = position < 0 ? (await handle.stat()).size + position : position;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
    await handle.write(Buffer.of((buffer[0] ?? 0) ^ 4), 0, 1, at);
    await handle.close();
  }

  it('does not take a half-written file for a snapshot', async () => {
    await writeFile(file(`${name(7)}.new`), 'half');
    expect(await store.newest()).toEqual({ snapshot: null, damaged: [] });
  });

  it('travels in chunks and arrives whole', async () => {
    await store.save(snapshot(3, 700_000));
    const sent = await chunks(3);
    expect(sent.length).toBeGreaterThan(2);
    expect(Math.max(...sent.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(256 * 1024);
    await rm(file(name(3)));
    const incoming = await store.receive(3, 2);
    for (const chunk of sent) await incoming.write(chunk);
    expect(incoming.offset).toBe(sent[0]?.totalBytes);
    const finished = await incoming.finish();
    expect(finished.mark).toEqual(snapshot(3).mark);
    expect(Buffer.compare(finished.bytes, snapshot(3, 700_000).bytes)).toBe(0);
    expect((await store.newest()).snapshot?.mark.index).toBe(3);
  });

  it('resumes where a broken transfer stopped', async () => {
    await store.save(snapshot(3, 700_000));
    const [first] = await chunks(3);
    const rest = await chunks(3, 256 * 1024);
    await rm(file(name(3)));
    const broken = await store.receive(3, 2);
    await broken.write(first as SnapshotChunk);
    await broken.pause();
    const resumed = await store.receive(3, 2);
    expect(resumed.offset).toBe(256 * 1024);
    for (const chunk of rest) await resumed.write(chunk);
    expect((await resumed.finish()).bytes).toHaveLength(700_000);
  });

  it('forgets what it has of another snapshot when it is sent a newer one', async () => {
    await store.save(snapshot(3));
    const [first] = await chunks(3);
    const broken = await store.receive(2, 2);
    await broken.write(first as SnapshotChunk);
    await broken.pause();
    await (await store.receive(4, 2)).pause();
    const anew = await store.receive(2, 2);
    expect(anew.offset).toBe(0);
    await anew.pause();
  });

  it('refuses a received snapshot with a wrong bit, and begins anew', async () => {
    await store.save(snapshot(3));
    const [first] = await chunks(3);
    await rm(file(name(3)));
    const bytes = Uint8Array.from(first?.bytes ?? []);
    bytes[300] = (bytes[300] ?? 0) ^ 1;
    const incoming = await store.receive(3, 2);
    await incoming.write({ offset: 0, totalBytes: bytes.length, bytes });
    await expect(incoming.finish()).rejects.toMatchObject({ code: 'STORAGE' });
    expect(await store.newest()).toEqual({ snapshot: null, damaged: [] });
    const again = await store.receive(3, 2);
    expect(again.offset).toBe(0);
    await again.pause();
  });
});
