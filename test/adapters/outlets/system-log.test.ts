import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AuditToSystemLog, SystemLog } from '../../../src/adapters/outlets/system-log.js';

const PATIENCE = { timeout: 60_000 };

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-syslog-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const silent = (): void => undefined;

test('lines go to the program with facility and severity, each on one line', async () => {
  const file = join(folder, 'got');
  const log = new SystemLog({ command: ['sh', '-c', `exec cat > '${file}'`], onTrouble: silent });
  log.write('info', 'all is well');
  log.write('error', 'nothing\n is\twell');
  await log.close();
  expect(await readFile(file, 'utf8')).toBe('<30>all is well\n<27>nothing is well\n');
});

test('a program that is not there is told of once, and costs nothing else', async () => {
  const told: string[] = [];
  const log = new SystemLog({ command: ['no-such-logger'], onTrouble: (reason) => void told.push(reason) });
  for (let count = 0; count < 10; count += 1) log.write('info', 'a line');
  await vi.waitFor(() => {
    expect(told).toEqual(['no-such-logger cannot be run (ENOENT)']);
  }, PATIENCE);
  log.write('info', 'another');
  await log.close();
  expect(told).toHaveLength(1);
});

test('a program that ends is told of with how', async () => {
  const told: string[] = [];
  const log = new SystemLog({ command: ['sh', '-c', 'exit 3'], onTrouble: (reason) => void told.push(reason) });
  log.write('info', 'a line');
  await vi.waitFor(() => {
    expect(told).toEqual(['sh ended (exit code 3)']);
  }, PATIENCE);
});

test('the audit in the words of the incumbent, from the node whose turn it is', async () => {
  const lines: string[] = [];
  const log = { write: (severity: string, text: string) => void lines.push(`${severity} ${text}`) };
  const outlet = new AuditToSystemLog(log, ({ number }) => number > 1);
  const entry = { atMs: 0, kind: 'forget', host: 'db1', port: 3306, cluster: 'db0:3306', text: 'gone' };
  await outlet.write([
    { ...entry, number: 1 },
    { ...entry, number: 2 },
    { ...entry, number: 3, host: '', port: 0 },
  ]);
  expect(lines).toEqual([
    'info auditType:forget instance:db1:3306 cluster:db0:3306 message:gone',
    'info auditType:forget instance: cluster:db0:3306 message:gone',
  ]);
});
