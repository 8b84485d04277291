import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimDirectory, rememberFounding, renameCluster } from '../../../src/adapters/level/identity-file.js';

describe('the identity of a data directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'raft-identity-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('is written once and then recognised', async () => {
    const deep = join(directory, 'a', 'b');
    await claimDirectory(deep, { clusterId: 'c1', nodeId: 'n1' });
    expect(JSON.parse(await readFile(join(deep, 'identity.json'), 'utf8'))).toEqual({
      format: 1,
      clusterId: 'c1',
      nodeId: 'n1',
    });
    await claimDirectory(deep, { clusterId: 'c1', nodeId: 'n1' });
  });

  it('refuses another node', async () => {
    await claimDirectory(directory, { clusterId: 'c1', nodeId: 'n1' });
    await expect(claimDirectory(directory, { clusterId: 'c1', nodeId: 'n2' })).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: `RaftDataDir ${directory} belongs to node n1, and this node is configured as node n2: give this node a directory of its own, or correct its node id`,
    });
  });

  it('refuses another cluster', async () => {
    await claimDirectory(directory, { clusterId: 'c1', nodeId: 'n1' });
    await expect(claimDirectory(directory, { clusterId: 'c2', nodeId: 'n1' })).rejects.toThrow('belongs to cluster c1');
  });

  it('refuses a file that it did not write', async () => {
    await writeFile(join(directory, 'identity.json'), 'node n1');
    await expect(claimDirectory(directory, { clusterId: 'c1', nodeId: 'n1' })).rejects.toThrow(
      'is not an identity file',
    );
  });

  it('says where it cannot be written, instead of trying for ever', async () => {
    await expect(claimDirectory('/proc/nowhere/deep', { clusterId: 'c1', nodeId: 'n1' })).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('could not write identity.json in /proc/nowhere/deep') as string,
    });
  });

  it('remembers the founding, also when the cluster goes on under another id', async () => {
    expect(await claimDirectory(directory, { clusterId: 'c1', nodeId: 'n1' })).toBeNull();
    await rememberFounding(directory, 'f1');
    expect(await claimDirectory(directory, { clusterId: 'c1', nodeId: 'n1' })).toBe('f1');
    await renameCluster(directory, 'c2');
    expect(await claimDirectory(directory, { clusterId: 'c2', nodeId: 'n1' })).toBe('f1');
  });
});
