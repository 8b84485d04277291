// The lab itself, on real servers: what the other system tests take for granted.
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import { PROJECT_ROOT } from '../../../tools/lab/project-root.js';
import type { Topology } from '../../../tools/lab/topology.js';

const run = promisify(execFile);

function processesOf(directory: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`--defaults-file=${directory}/`);
    } catch {
      return false;
    }
  });
}

describe('a topology of the lab', () => {
  let lab: MySqlLab;
  let topology: Topology;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ replicas: 2 });
  }, 300_000);
  afterAll(async () => {
    await lab.close();
  });

  it('starts with empty GTID sets and carries what the primary writes', async () => {
    expect(await topology.primary.gtidExecuted()).toBe('');
    await topology.primary.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)');
    await topology.primary.execute('INSERT INTO shop.orders VALUES (1)');
    await topology.caughtUp();
    for (const replica of topology.replicas) {
      expect(await replica.query('SELECT id FROM shop.orders')).toEqual([{ id: 1 }]);
      expect(await replica.query('SELECT @@read_only AS closed')).toEqual([{ closed: 1 }]);
    }
  });

  it('gives the orchestrator an account that can see and steer replication', async () => {
    const session = await topology.primary.connect();
    const [replicas] = await session.query('SHOW REPLICAS');
    expect(replicas).toHaveLength(2);
    await session.query('SET GLOBAL super_read_only = 1');
    await session.query('SET GLOBAL read_only = 0');
    await session.end();
  });

  it('kills, pauses and restarts servers', async () => {
    const { primary } = topology;
    const { pid } = primary;
    await primary.kill();
    await expect(primary.connect()).rejects.toThrow(/ECONNREFUSED/);
    await primary.start();
    expect(primary.pid).not.toBe(pid);
    primary.pause();
    await expect(primary.query('SELECT 1', 300)).rejects.toThrow(/no answer within 300 ms/);
    primary.resume();
    expect(await primary.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('the watchdog', () => {
  it('leaves no server and no folder when the process of the lab is killed', async () => {
    await run(join(PROJECT_ROOT, 'scripts', 'build'));
    const script = `
      const { MySqlLab } = await import(${JSON.stringify(join(PROJECT_ROOT, 'dist/tools/lab/mysql-lab.js'))});
      const lab = await MySqlLab.open();
      await lab.servers(1);
      console.log(lab.directory);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const directory = await new Promise<string>((resolve) => {
      child.stdout.once('data', (line: Buffer) => {
        resolve(line.toString().trim());
      });
    });
    expect(processesOf(directory)).toHaveLength(1);
    child.kill('SIGKILL');
    while (existsSync(directory)) await sleep(50);
    expect(processesOf(directory)).toEqual([]);
  }, 300_000);
});
