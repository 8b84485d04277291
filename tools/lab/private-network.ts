// A network of its own for one server, so that its packets can be dropped as a dead switch or a firewall drops them:
// both ways, without a word, its process and its connections untouched. Needs root; it is gone with its keeper process.
import { execFile } from 'node:child_process';
import { readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { GuardedProcess } from './guarded-process.js';

const run = promisify(execFile);

/** A queue that takes no packet at all. */
const DROP_ALL = ['tbf', 'rate', '8bit', 'burst', '1', 'limit', '1'];

const NUMBERS = 250;
const KEEPER_MS = 60_000;
const TRIES = 20;

export type SpawnKeeper = (name: string, command: string, args: readonly string[]) => GuardedProcess;

export class PrivateNetwork {
  /** Of whoever lives in it, as seen from outside. */
  readonly host: string;
  /** What a command is put behind to run in it. */
  readonly enter: readonly string[];
  readonly #outside: string;
  readonly #inside: string;

  private constructor(number: number, keeper: number) {
    this.host = `10.213.${String(number)}.2`;
    this.enter = ['nsenter', `--net=/proc/${String(keeper)}/ns/net`];
    this.#outside = `lab${String(number)}a`;
    this.#inside = `lab${String(number)}b`;
  }

  static get isPossible(): boolean {
    return process.getuid?.() === 0;
  }

  static async open(spawn: SpawnKeeper): Promise<PrivateNetwork> {
    const keeper = spawn('network-keeper', 'unshare', ['-n', 'sleep', 'infinity']);
    await inItsOwnNetwork(keeper.pid);
    for (let tries = 1; ; tries += 1) {
      const number = freeNumber();
      const network = new PrivateNetwork(number, keeper.pid);
      try {
        await network.#lay(keeper.pid);
      } catch (error) {
        // Somebody beside us has chosen the same number in the same moment.
        if (tries < TRIES && String(error).includes('File exists')) continue;
        throw error;
      }
      await network.#connect(number);
      return network;
    }
  }

  async drop(): Promise<void> {
    await Promise.all([
      run('tc', ['qdisc', 'replace', 'dev', this.#outside, 'root', ...DROP_ALL]),
      this.#within('tc', 'qdisc', 'replace', 'dev', this.#inside, 'root', ...DROP_ALL),
    ]);
  }

  async deliver(): Promise<void> {
    await run('tc', ['qdisc', 'del', 'dev', this.#outside, 'root']);
    await this.#within('tc', 'qdisc', 'del', 'dev', this.#inside, 'root');
  }

  async #lay(keeper: number): Promise<void> {
    const link = ['type', 'veth', 'peer', 'name', this.#inside, 'netns', String(keeper)];
    await run('ip', ['link', 'add', this.#outside, ...link]);
  }

  async #connect(number: number): Promise<void> {
    const gateway = `10.213.${String(number)}.1`;
    await run('ip', ['addr', 'add', `${gateway}/30`, 'dev', this.#outside]);
    await run('ip', ['link', 'set', this.#outside, 'up']);
    await this.#within('ip', 'addr', 'add', `${this.host}/30`, 'dev', this.#inside);
    await this.#within('ip', 'link', 'set', this.#inside, 'up');
    await this.#within('ip', 'link', 'set', 'lo', 'up');
    // Who forgets the other's hardware address says "no route to host", which is not silence.
    const [outside, inside] = await Promise.all([this.#hardware(false), this.#hardware(true)]);
    await run('ip', ['neigh', 'replace', this.host, 'lladdr', inside, 'nud', 'permanent', 'dev', this.#outside]);
    await this.#within('ip', 'neigh', 'replace', gateway, 'lladdr', outside, 'nud', 'permanent', 'dev', this.#inside);
  }

  async #hardware(isInside: boolean): Promise<string> {
    const show = ['ip', '-o', 'link', 'show', 'dev', isInside ? this.#inside : this.#outside];
    const { stdout } = isInside ? await this.#within(...show) : await run('ip', show.slice(1));
    const address = /link\/ether ([0-9a-f:]+)/.exec(stdout)?.[1];
    if (address === undefined) throw new Error(`no hardware address in: ${stdout}`);
    return address;
  }

  async #within(...words: readonly string[]): Promise<{ readonly stdout: string }> {
    const [command = '', ...first] = this.enter;
    return await run(command, [...first, ...words]);
  }
}

/** It is the same process before and after it has its network, and whoever entered it too soon would be in ours. */
async function inItsOwnNetwork(pid: number): Promise<void> {
  const networkOf = async (who: string): Promise<string> => await readlink(`/proc/${who}/ns/net`);
  const ours = await networkOf('self');
  const deadlineMs = performance.now() + KEEPER_MS;
  while ((await networkOf(String(pid))) === ours) {
    if (performance.now() > deadlineMs) throw new Error(`process ${String(pid)} gets no network of its own`);
    await sleep(20);
  }
}

/** Of the third byte of its addresses. Networks that are just being closed keep theirs for a while, so chance alone would not do. */
function freeNumber(): number {
  const taken = networkInterfaces();
  const free = Array.from({ length: NUMBERS }, (_, at) => at + 1).filter(
    (n) => taken[`lab${String(n)}a`] === undefined,
  );
  const number = free[Math.floor(Math.random() * free.length)];
  if (number === undefined) throw new Error(`all ${String(NUMBERS)} private networks are in use`);
  return number;
}
