/** A folder for configuration files, gone when the test is over. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { faultText } from '../../src/app/config/findings.js';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../../src/app/config/load.js';

export async function writeText(name: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-config-'));
  // Not a hook of this file: a process serves many test files, and the hook would be that of the first of them alone.
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

export async function writeConfig(content: object): Promise<string> {
  return await writeText('orchestrator.conf.json', JSON.stringify(content));
}

/** No name resolves: tests must not depend on a name server. */
const options: Omit<LoadOptions, 'file'> = {
  environment: { XDG_STATE_HOME: '/nowhere' },
  resolve: () => Promise.reject(new Error('no name server in tests')),
};

/** Of a file that must be fine. */
export async function load(content: object, more: Partial<LoadOptions> = {}): Promise<LoadedConfig> {
  const loaded = await loadConfig({ file: await writeConfig(content), ...options, ...more });
  if (!loaded.ok) throw new Error(loaded.error.map(faultText).join('\n'));
  return loaded.value;
}

/** Of a file that must not be fine: one text a fault. */
export async function faultsOf(content: object, more: Partial<LoadOptions> = {}): Promise<string[]> {
  const loaded = await loadConfig({ file: await writeConfig(content), ...options, ...more });
  return loaded.ok ? [] : loaded.error.map(faultText);
}

export function warnings({ remarks }: LoadedConfig): string[] {
  return remarks.filter(({ level }) => level === 'warn').map(({ text }) => text);
}

export function notes({ remarks }: LoadedConfig): string[] {
  return remarks.filter(({ level }) => level === 'info').map(({ text }) => text);
}
