import { cp, mkdtemp, open, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LevelLogStore } from '../../../src/adapters/level/level-log-store.js';
import { recordKey } from '../../../src/adapters/level/log-reading.js';
import type { OpenedLog } from '../../../src/runtime/ports/log-store.js';
import { describeLogStore, entry, hard, run } from '../../contracts/log-store.js';

describeLogStore('LevelDB', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'raft-log-'));
  const store = new LevelLogStore(directory);
  return {
    store,
    reopen: async () => {
      await store.close();
      return store.open();
    },
    end: async () => {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
});

describe('a log on LevelDB after damage', () => {
  let directory: string;
  let store: LevelLogStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'raft-log-'));
    store = new LevelLogStore(join(directory, 'live'));
    await store.open();
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  /** The files as a crash at this instant would leave them, after `harm` was done to them. */
  async function reopenAfter(harm: (live: string) => Promise<void>): Promise<OpenedLog> {
    const crashed = join(directory, 'crashed');
    await rm(crashed, { recursive: true, force: true });
    await cp(join(directory, 'live'), crashed, { recursive: true });
    await store.close();
    await rm(join(crashed, 'log', 'LOCK'), { force: true });
    await harm(crashed);
    store = new LevelLogStore(crashed);
    return store.open();
  }

  async function inLevel(live: string, act: (database: Level<Uint8Array, Uint8Array>) => Promise<void>): Promise<void> {
    const database = new Level<Uint8Array, Uint8Array>(join(live, 'log'), {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    await database.open();
    await act(database);
    await database.close();
  }

  async function flipByte(path: string, position: number): Promise<void> {
    const file = await open(path, 'r+');
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
    await file.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, position);
    await file.close();
  }

  async function levelLog(live: string): Promise<string> {
    const name = (await readdir(join(live, 'log'))).find((file) => file.endsWith('.log'));
    return join(live, 'log', name ?? 'none');
  }

  async function writeRecords(count: number): Promise<void> {
    for (let index = 1; index <= count; index += 1) {
      await store.append({
        hardState: hard(1, 'a', index - 1),
        restart: null,
        entries: [entry(index, 1, 'y'.repeat(200))],
      });
    }
  }

  it('recovers a last record that LevelDB lost, from the mark', async () => {
    await writeRecords(5);
    const log = await reopenAfter((live) => inLevel(live, (database) => database.del(recordKey(5))));
    expect(log).toMatchObject({ forgot: null, hardState: hard(1, 'a', 4) });
    expect(log.entries.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5]);
    await store.append({ hardState: hard(1, 'a', 5), restart: null, entries: [entry(6, 1)] });
    await store.close();
    expect((await store.open()).entries).toHaveLength(6);
  });

  it('recovers a vote that LevelDB lost, from the mark', async () => {
    await writeRecords(3);
    await store.append({ hardState: hard(7, 'c', 2), restart: null, entries: [] });
    const log = await reopenAfter((live) => inLevel(live, (database) => database.del(recordKey(4))));
    expect(log).toMatchObject({ forgot: null, hardState: hard(7, 'c', 2) });
  });

  it('takes a damaged last byte of the LevelDB log for what it is: an acknowledged record, recovered', async () => {
    await writeRecords(5);
    const log = await reopenAfter(async (live) => {
      const path = await levelLog(live);
      const { size } = await stat(path);
      await flipByte(path, size - 3);
    });
    expect(log.forgot).toBeNull();
    expect(log.entries).toHaveLength(5);
  });

  it('says that it forgot when more than the marks hold is cut off, and keeps saying so', async () => {
    await writeRecords(8);
    const log = await reopenAfter((live) =>
      inLevel(live, async (database) => {
        for (const number of [5, 6, 7, 8]) await database.del(recordKey(number));
      }),
    );
    expect(log.forgot).toBe('the log ends at record 4, but record 8 was acknowledged');
    expect(log.entries.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    // The term and the vote of the newest mark, the commit index no further than the log.
    expect(log.hardState).toEqual(hard(1, 'a', 4));
    await store.append({ hardState: hard(2), restart: null, entries: [entry(5, 2)] });
    await store.close();
    expect((await store.open()).forgot).toContain('no leader has brought this node up to date');
    await store.setForgot(false);
    await store.close();
    const healed = await store.open();
    expect(healed.forgot).toBeNull();
    expect(healed.entries).toHaveLength(5);
  });

  it('sets a log with a hole aside and starts empty, with term and vote kept', async () => {
    await writeRecords(8);
    const log = await reopenAfter((live) => inLevel(live, (database) => database.del(recordKey(4))));
    expect(log.forgot).toBe('records 4 to 4 are missing; the old log was set aside as log.damaged');
    expect(log).toMatchObject({ entries: [], base: 0, fresh: false, hardState: hard(1, 'a', 0) });
    expect(await readdir(join(directory, 'crashed', 'log.damaged'))).toContain('CURRENT');
    await store.append({ hardState: hard(2), restart: null, entries: [entry(1, 2)] });
    await store.close();
    const again = await store.open();
    expect(again.forgot).not.toBeNull();
    expect(again.entries).toHaveLength(1);
  });

  it('finds one flipped bit in the middle, which LevelDB drops without a word', async () => {
    await writeRecords(50);
    const log = await reopenAfter(async (live) => {
      const path = await levelLog(live);
      const { size } = await stat(path);
      await flipByte(path, Math.floor(size / 2));
    });
    expect(log.forgot).toMatch(/records \d+ to \d+ are missing|the log ends at record/);
  });

  it('treats a record whose own checksum is wrong as missing', async () => {
    await writeRecords(8);
    const log = await reopenAfter((live) =>
      inLevel(live, async (database) => {
        const value = await database.get(recordKey(3));
        const changed = Buffer.from(value ?? []);
        changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 0x80;
        await database.put(recordKey(3), changed);
      }),
    );
    expect(log.forgot).toContain('records 3 to 3 are missing');
  });

  it('heals a damaged record that the marks still hold', async () => {
    await writeRecords(8);
    const log = await reopenAfter((live) =>
      inLevel(live, (database) => database.put(recordKey(7), Buffer.from('rubbish'))),
    );
    expect(log.forgot).toBeNull();
    expect(log.entries).toHaveLength(8);
    await store.close();
    await inLevel(join(directory, 'crashed'), async (database) => {
      expect((await database.get(recordKey(7)))?.length).toBeGreaterThan(200);
    });
    await store.open();
  });

  it('forgets when an unfinished large record was acknowledged and lost', async () => {
    await writeRecords(2);
    const large = { index: 3, term: 1, kind: 'command' as const, payload: new Uint8Array(300_000) };
    await store.append({ hardState: hard(1, 'a', 2), restart: null, entries: [large] });
    const log = await reopenAfter((live) => inLevel(live, (database) => database.del(recordKey(3))));
    expect(log.forgot).toBe('the log ends at record 2, but record 3 was acknowledged');
  });

  it('goes on when the newest mark was cut short by the crash', async () => {
    await writeRecords(8);
    const log = await reopenAfter((live) => flipByte(join(live, 'mark'), 40));
    expect(log.forgot).toBeNull();
    expect(log.entries).toHaveLength(8);
  });

  it.each([
    ['missing', (live: string) => rm(join(live, 'mark'))],
    ['empty', (live: string) => truncate(join(live, 'mark'), 0)],
  ])('does not vouch for a log whose mark file is %s', async (_, harm) => {
    await writeRecords(3);
    const log = await reopenAfter(harm);
    expect(log.forgot).toBe('the mark file is missing, damaged or of another log');
    expect(log.entries).toHaveLength(3);
  });

  it('knows from the marks that a whole LevelDB directory is gone', async () => {
    await writeRecords(3);
    const log = await reopenAfter((live) => rm(join(live, 'log'), { recursive: true }));
    expect(log.forgot).toContain('the log ends at record');
    expect(log.hardState).toMatchObject({ term: 1, vote: 'a' });
  });

  it('sets LevelDB aside when LevelDB itself finds it corrupt', async () => {
    await writeRecords(3);
    const log = await reopenAfter(async (live) => {
      const manifest = (await readdir(join(live, 'log'))).find((file) => file.startsWith('MANIFEST')) ?? 'none';
      await truncate(join(live, 'log', manifest), 10);
    });
    expect(log.forgot).toContain('the log ends at record');
  });

  it('drops leftovers of a compaction that a crash cut short', async () => {
    await store.append({ hardState: hard(1), restart: null, entries: run(1, 10, 1) });
    for (let index = 11; index <= 14; index += 1) {
      await store.append({ hardState: hard(1), restart: null, entries: [entry(index, 1)] });
    }
    await store.compact(13);
    const log = await reopenAfter((live) =>
      inLevel(live, (database) => database.put(recordKey(1), Buffer.from('a leftover'))),
    );
    expect(log).toMatchObject({ forgot: null, base: 12 });
    expect(log.entries.map(({ index }) => index)).toEqual([13, 14]);
  });

  it('names the directory and the way out when another process has it', async () => {
    const other = new LevelLogStore(join(directory, 'live'));
    await expect(other.open()).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(
        /^another process uses RaftDataDir .*live: each node needs a directory of its own/,
      ) as string,
    });
  });

  it('reports a full disk, stays shut until it is opened again, and then goes on', async () => {
    const full = join(directory, 'full');
    const other = new LevelLogStore(full);
    await other.open();
    await other.close();
    await rm(join(full, 'mark'));
    await symlink('/dev/full', join(full, 'mark'));
    await other.open();
    const write = { hardState: hard(1), restart: null, entries: [entry(1, 1)] };
    const refusal = {
      code: 'STORAGE',
      message: expect.stringContaining('make room, the node goes on by itself') as string,
    };
    await expect(other.append(write)).rejects.toMatchObject(refusal);
    await rm(join(full, 'mark'));
    await writeFile(join(full, 'mark'), Buffer.alloc(4096));
    await expect(other.append(write)).rejects.toMatchObject(refusal);
    await other.close();
    expect((await other.open()).forgot).toBeNull();
    await other.append(write);
    await other.close();
    expect((await other.open()).entries).toHaveLength(1);
    await other.close();
  });
});
