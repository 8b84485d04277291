/**
 * Whoever is told of a recovery, and kills the leader over it: hooks as they begin and when they have done their work, and a
 * Consul before and after it has taken a value. A list is run at least once, by whoever leads, and says which attempt it is;
 * a value is written by check-and-set, so that none goes back.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConsulServer } from '../../adapters/kv/consul-server.js';

/** By their keys in the configuration, as a takeover runs them. */
export const LISTS = [
  'OnFailureDetectionProcesses',
  'PreGracefulTakeoverProcesses',
  'PreFailoverProcesses',
  'PostMasterFailoverProcesses',
  'PostFailoverProcesses',
  'PostGracefulTakeoverProcesses',
] as const;

export interface Blow {
  readonly list: (typeof LISTS)[number] | 'Consul';
  /** before: as it begins, or before the value is taken. after: when it has done its work, which its leader does not hear. */
  readonly when: 'before' | 'after';
}

export const BLOWS: readonly Blow[] = [...LISTS, 'Consul' as const].flatMap((list) => [
  { list, when: 'before' },
  { list, when: 'after' },
]);

export interface Run {
  readonly list: string;
  readonly recovery: string;
  readonly attempt: number;
}

/** Sourced by the leader's shell, whose parent is the leader. */
const HOOK = `
struck() {
  grep -qx "$LIST $1" "$FOLDER/blow" 2>/dev/null && mv "$FOLDER/blow" "$FOLDER/striking" || return
  kill -9 $PPID; mv "$FOLDER/striking" "$FOLDER/struck"; exit 1
}
struck before
echo "$LIST $ORC_RECOVERY_UID $ORC_RECOVERY_ATTEMPT" >> "$FOLDER/runs"
struck after
true
`;

export class Teller {
  readonly #folder = mkdtempSync(join(tmpdir(), 'teller-'));
  readonly #consul: ConsulServer;
  /** What each key has held, in order. */
  readonly #held = new Map<string, string[]>();
  #isConsulToStrike = false;

  private constructor(consul: ConsulServer) {
    this.#consul = consul;
    writeFileSync(join(this.#folder, 'hook'), HOOK);
    appendFileSync(join(this.#folder, 'runs'), '');
  }

  static async open(): Promise<Teller> {
    return new Teller(await ConsulServer.start());
  }

  get config(): Readonly<Record<string, unknown>> {
    const hook = join(this.#folder, 'hook');
    const lines = LISTS.map((list) => [list, [`LIST=${list}; FOLDER=${this.#folder}; . ${hook}`]]);
    return {
      ...(Object.fromEntries(lines) as Readonly<Record<string, unknown>>),
      DetectClusterAliasQuery: "SELECT 'shop'",
      ConsulAddress: this.#consul.address,
      ConsulKVStoreProvider: 'consul-txn',
    };
  }

  /** Once; `kill`: whoever leads. */
  arm(blow: Blow, kill: () => Promise<void>): void {
    this.#isConsulToStrike = blow.list === 'Consul';
    if (blow.list !== 'Consul') {
      writeFileSync(join(this.#folder, 'blow'), `${blow.list} ${blow.when}\n`);
      return;
    }
    this.#consul.beforeWrite = async () => {
      this.#consul.beforeWrite = () => undefined;
      await kill();
      this.#isConsulToStrike = false;
      // What never reaches it is not taken.
      if (blow.when === 'before') await new Promise(() => undefined);
    };
  }

  /** What was armed has struck: a list whose work is seen to be done may kill its leader a moment later. */
  get hasStruck(): boolean {
    return !this.#isConsulToStrike && !['blow', 'striking'].some((name) => existsSync(join(this.#folder, name)));
  }

  /** To be called again and again, for what the stores held meanwhile. */
  look(): void {
    for (const [key, value] of Object.entries(this.#consul.values())) {
      const held = this.#held.get(key) ?? [];
      this.#held.set(key, held);
      if (held.at(-1) !== value) held.push(value);
    }
  }

  /** What the stores held before is no matter of the next recovery. */
  forget(): void {
    this.#held.clear();
  }

  runs(recovery: string): readonly Run[] {
    const lines = readFileSync(join(this.#folder, 'runs'), 'utf8').split('\n');
    return lines.flatMap((line) => {
      const [list = '', of = '', attempt = ''] = line.split(' ');
      return of === recovery ? [{ list, recovery: of, attempt: Number(attempt) }] : [];
    });
  }

  /** All that the key of the cluster's primary has held. */
  get primaries(): readonly string[] {
    return this.#held.get('mysql/master/shop') ?? [];
  }

  async close(): Promise<void> {
    await this.#consul.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
