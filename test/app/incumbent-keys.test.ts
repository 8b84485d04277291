/** Every key of the incumbent, and of ours: read, obeyed, answered, and read again, each as it is said of it. */
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/app/config/config.js';
import { KEYS, type KeyName, keyNamed, keyNames, isObeyed } from '../../src/app/config/keys/keys.js';
import { CERTIFICATE_KEYS, LIVE_KEYS } from '../../src/app/config/keys/live-keys.js';
import { LiveConfig } from '../../src/app/config/live.js';
import { loadConfig, type LoadedConfig } from '../../src/app/config/load.js';
import { Reloading } from '../../src/app/config/reload.js';
import { Secret } from '../../src/app/config/secret.js';
import { INCUMBENT_KEYS } from '../support/incumbent/keys.js';
import { sampleOf } from '../support/incumbent/key-samples.js';
import { load, writeConfig } from './config-files.js';

/** Where our default is another, on purpose: docs/moving-from-orchestrator.md says why. */
const OTHER_DEFAULTS = [
  'DeadInstancePollSecondsMultiplyFactor',
  'DeadInstancePollSecondsMax',
  'RecoveryPeriodBlockMinutes',
];

/** What they say is always so here, or is said by another key: see their meanings in docs/configuration.md. */
const SAY_NOTHING_NEW: readonly KeyName[] = [
  'MasterFailoverDetachSlaveMasterHost',
  'MasterFailoverDetachReplicaMasterHost',
  'ReduceReplicationAnalysisCount',
  'PostponeSlaveRecoveryOnLagMinutes',
  'PostponeReplicaRecoveryOnLagMinutes',
  // Where the host has no dots, and this one may have none.
  'GraphiteConvertHostnameDotsToUnderscores',
];

const around = {
  environment: { XDG_STATE_HOME: '/nowhere' },
  resolve: () => Promise.reject(new Error('no name server in tests')),
};

/** The whole of it, secrets and patterns included. */
function printed(config: Config): string {
  const plain = (value: unknown): unknown => {
    if (value instanceof Secret) return { secret: value.reveal() };
    if (value instanceof RegExp) return String(value);
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
  };
  return JSON.stringify(plain(config));
}

function remarksOf({ remarks }: LoadedConfig, name: string): readonly string[] {
  return remarks.map(({ text }) => text).filter((text) => new RegExp(`\\b${name}\\b`).test(text));
}

type Content = Readonly<Record<string, unknown>>;

describe('a key of the incumbent', () => {
  test.each(INCUMBENT_KEYS)('$name is known, and $here', async ({ name, here, standard }) => {
    const key = keyNamed(name);
    expect(key).toBe(name);
    if (key === null) return;
    if (!OTHER_DEFAULTS.includes(name)) expect(KEYS[key].standard).toEqual(standard);
    const works = here === 'works';
    expect(isObeyed(key)).toBe(works);
    if (works) return;
    const given = await load({ [name]: sampleOf(key).after[name as never] });
    const [remark, ...more] = remarksOf(given, name);
    expect(more).toEqual([]);
    expect(remark).toMatch(here === 'idle' ? /without effect|no backend database is needed/ : /not supported yet/i);
  });

  test('may stand in the file with its default, all of them together, and nothing is wrong', async () => {
    const content = Object.fromEntries(INCUMBENT_KEYS.map(({ name, standard }) => [name, standard]));
    await expect(load(content)).resolves.toBeDefined();
  });
});

describe('a key that works', () => {
  test.each(keyNames().filter(isObeyed))('%s says something, at the start and when it is read again', async (name) => {
    const { before, after } = sampleOf(name);
    const [without, given] = [await load(before), await load(after)];
    const isSame = printed(without.config) === printed(given.config);
    if (!SAY_NOTHING_NEW.includes(name)) expect(isSame).toBe(false);

    const file = await writeConfig(before);
    const options = { file, ...around };
    const loaded = await loadConfig(options);
    if (!loaded.ok) throw new Error('it was fine a moment ago');
    const live = new LiveConfig(loaded.value.config);
    await writeFile(file, JSON.stringify(after));
    const reloaded = await new Reloading(options, loaded.value, live).reload(null);
    const begins = CERTIFICATE_KEYS.has(name) && !Object.hasOwn(before, name);
    const isLive = LIVE_KEYS.has(name) && !begins;
    const differing = keyNames().filter((key) => (before as Content)[key] !== (after as Content)[key]);
    expect(differing).toContain(name);
    expect(reloaded).toMatchObject({ ok: true, needRestart: isLive ? [] : differing });
    // A credentials file replaces the password, which is named as well.
    if (reloaded.ok) expect(reloaded.changed).toEqual(isLive ? expect.arrayContaining(differing) : []);
    expect(printed(live.config)).toBe(printed(isLive ? given.config : without.config));
  });
});
