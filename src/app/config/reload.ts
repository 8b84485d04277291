/**
 * Reads the configuration again while the node runs. All or nothing: where any file has a fault nothing changes, and every
 * fault is told. What the node was built around (its ports, its place in the cluster, its folder) stays as it was at the
 * start even where the file says otherwise, and those keys are told by name: they take effect when the node is restarted.
 */
import type { Fault, Remark } from './findings.js';
import { CERTIFICATE_KEYS, LIVE_KEYS } from './keys/live-keys.js';
import { isObeyed, type KeyName, keyNames, type Values } from './keys/keys.js';
import type { LiveConfig } from './live.js';
import { interpretAgain, loadConfig, type LoadedConfig, type LoadOptions } from './load.js';

export type Reloaded =
  | {
      readonly ok: true;
      readonly files: readonly string[];
      /** Keys that have another value now, and it is obeyed. */
      readonly changed: readonly KeyName[];
      /** Keys whose value in the files is not the one that the node goes by. */
      readonly needRestart: readonly KeyName[];
      /** Those that were not made before. */
      readonly remarks: readonly Remark[];
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export class Reloading {
  readonly #options: LoadOptions;
  readonly #live: LiveConfig;
  /** Files that an administrator named; they count from then on, after the others. */
  #extra: readonly string[] = [];
  /** What the node goes by. */
  #now: LoadedConfig;
  #waiting: Promise<unknown> = Promise.resolve();

  constructor(options: LoadOptions, loaded: LoadedConfig, live: LiveConfig) {
    this.#options = options;
    this.#now = loaded;
    this.#live = live;
  }

  /** One after the other: two at once could mix what they read. */
  reload(extraFile: string | null): Promise<Reloaded> {
    const next = this.#waiting.then(() => this.#reload(extraFile));
    this.#waiting = next.catch(() => undefined);
    return next;
  }

  async #reload(extraFile: string | null): Promise<Reloaded> {
    const extra = extraFile === null ? this.#extra : [...this.#extra.filter((file) => file !== extraFile), extraFile];
    const options = { ...this.#options, extraFiles: extra };
    const read = await loadConfig(options);
    if (!read.ok) return { ok: false, faults: read.error };
    const before = this.#now;
    const needRestart = differing(before, read.value).filter(
      (name) => !LIVE_KEYS.has(name) || isSwitchOfTls(name, before.given.values, read.value.given.values),
    );
    const now = needRestart.length === 0 ? read : await interpretAgain(options, read.value, before, needRestart);
    if (!now.ok) return { ok: false, faults: [...now.error, mixedFault(needRestart)] };
    this.#extra = extra;
    this.#now = now.value;
    this.#live.replace(now.value.config);
    const known = new Set(before.remarks.map(({ text }) => text));
    return {
      ok: true,
      files: now.value.files,
      changed: differing(before, now.value),
      needRestart,
      remarks: now.value.remarks.filter(({ text }) => !known.has(text)),
    };
  }
}

function differing(before: LoadedConfig, { prints }: LoadedConfig): readonly KeyName[] {
  return keyNames().filter((name) => isObeyed(name) && before.prints.get(name) !== prints.get(name));
}

/** Certificates can be replaced by others; whether there are any is what the ports were opened with. */
function isSwitchOfTls(name: KeyName, before: Values, now: Values): boolean {
  return CERTIFICATE_KEYS.has(name) && (before[name] === '') !== (now[name] === '');
}

function mixedFault(names: readonly string[]): Fault {
  const text = `${names.join(', ')} would keep the value of the start, which does not go with the rest; restart the node`;
  return { key: null, text };
}

/** For the log and for whoever asked. */
export function reloadedText(reloaded: Extract<Reloaded, { ok: true }>): string {
  const { changed, needRestart } = reloaded;
  const now = changed.length === 0 ? 'nothing changed' : `in force now: ${changed.join(', ')}`;
  const later = needRestart.length === 0 ? '' : `; only after a restart of this node: ${needRestart.join(', ')}`;
  return `${now}${later}`;
}
