import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditFile, lineOf } from '../../../src/adapters/outlets/audit-file.js';
import type { AuditEntry } from '../../../src/runtime/ports/audit-outlets.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-audit-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const entry = (number: number, changes: Partial<AuditEntry> = {}): AuditEntry => ({
  number,
  atMs: Date.UTC(2026, 0, 31, 12),
  kind: 'begin-downtime',
  host: 'db1',
  port: 3306,
  cluster: 'db0:3306',
  text: `line ${String(number)}`,
  ...changes,
});

const open = (): AuditFile => new AuditFile({ file: join(folder, 'audit.log'), markFile: join(folder, 'mark') });
const lines = async (): Promise<string[]> => (await readFile(join(folder, 'audit.log'), 'utf8')).trimEnd().split('\n');

test('a line as the incumbent writes it, and one line whatever stands in it', () => {
  expect(lineOf(entry(1))).toBe('2026-01-31 12:00:00\tbegin-downtime\tdb1\t3306\t[db0:3306]\tline 1\t\n');
  expect(lineOf(entry(1, { host: '', port: 0, cluster: '', text: 'a\nb\tc' }))).toContain('\t\t0\t[]\ta b c\t\n');
});

test('a node that starts again goes on where the file ends', async () => {
  const file = open();
  await file.write([entry(1), entry(2)]);
  await file.write([entry(2), entry(3)]);
  await open().write([entry(1), entry(2), entry(3), entry(4)]);
  expect((await lines()).map((line) => line.split('\t')[5])).toEqual(['line 1', 'line 2', 'line 3', 'line 4']);
  expect((await stat(join(folder, 'audit.log'))).mode & 0o007).toBe(0);
});

test('a file that was rotated away is made anew', async () => {
  const file = open();
  await file.write([entry(1)]);
  await rename(join(folder, 'audit.log'), join(folder, 'audit.log.1'));
  await file.write([entry(2)]);
  expect(await lines()).toHaveLength(1);
});

test('what could not be written is written later', async () => {
  const file = new AuditFile({ file: join(folder, 'none', 'audit.log'), markFile: join(folder, 'mark') });
  await expect(file.write([entry(1)])).rejects.toMatchObject({ code: 'ENOENT' });
  await open().write([entry(1)]);
  expect(await lines()).toHaveLength(1);
});
