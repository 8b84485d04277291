/**
 * Where the texts of commands stand while a shell reads them: a folder of this node's own. A node that is killed leaves them
 * there, and they may hold secrets; whoever runs the next command in that folder removes them first.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

export class HookFolder {
  readonly #directory: string;
  #cleared: Promise<void> | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** A folder for one command, which is the caller's to remove. Rejects when there can be none. */
  async forOne(): Promise<string> {
    // Once only, whatever fails later: others of this node may be running by then.
    this.#cleared ??= rm(this.#directory, { recursive: true, force: true }).catch((error: unknown) => {
      this.#cleared = null;
      throw error;
    });
    await this.#cleared;
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    return await mkdtemp(join(this.#directory, 'hook-'));
  }
}
