/**
 * The groups of a user of this machine (PowerAuthGroups), as the machine itself tells them: `id` knows users of a directory
 * service too, whom no file lists. They are remembered for a minute, because every request asks.
 */
import { execFile } from 'node:child_process';
import type { Clock } from '../../../runtime/ports/clock.js';

const REMEMBERED_MS = 60_000;
const ASK_MS = 5_000;
const USERS_MAX = 1_000;
/** What a name may look like; nothing that `id` could take for an option. */
const USER = /^[A-Za-z0-9_.][A-Za-z0-9_.@-]{0,255}\$?$/;

interface Known {
  readonly groups: Promise<readonly string[]>;
  readonly askedAtMs: number;
}

export class UnixGroups {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** None for a user whom this machine does not know. */
  groupsOf(user: string): Promise<readonly string[]> {
    if (!USER.test(user)) return Promise.resolve([]);
    const nowMs = this.#clock.nowMs();
    const known = this.#known.get(user);
    if (known !== undefined && nowMs - known.askedAtMs < REMEMBERED_MS) return known.groups;
    const groups = ask(user);
    this.#known.delete(user);
    this.#known.set(user, { groups, askedAtMs: nowMs });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= USERS_MAX) break;
      this.#known.delete(oldest);
    }
    return groups;
  }
}

function ask(user: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    execFile('id', ['-Gn', '--', user], { timeout: ASK_MS }, (error, stdout) => {
      resolve(error === null ? stdout.trim().split(/\s+/) : []);
    });
  });
}
