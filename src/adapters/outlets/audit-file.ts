/**
 * AuditLogFile, with the incumbent's lines. Each node writes its own, and all of them are the same. How far it is written
 * stands in a mark beside the node's log, because a node that starts applies its log anew; after a crash between the two
 * a line may stand there twice, and none is missing that the state still has.
 */
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import type { AuditEntry, AuditOutlet } from '../../runtime/ports/audit-outlets.js';

export interface AuditFileOptions {
  readonly file: string;
  readonly markFile: string;
}

/** Others of the operator's group may read it, as the incumbent has it. */
const MODE = 0o640;

export class AuditFile implements AuditOutlet {
  readonly #options: AuditFileOptions;
  #written: number | null = null;

  constructor(options: AuditFileOptions) {
    this.#options = options;
  }

  async write(entries: readonly AuditEntry[]): Promise<void> {
    this.#written ??= await readMark(this.#options.markFile);
    const written = this.#written;
    const fresh = entries.filter(({ number }) => number > written);
    const last = fresh.at(-1);
    if (last === undefined) return;
    // Opened each time: a file that was rotated away is made anew.
    await appendFile(this.#options.file, fresh.map(lineOf).join(''), { mode: MODE });
    this.#written = last.number;
    await writeFile(`${this.#options.markFile}.new`, String(last.number));
    await rename(`${this.#options.markFile}.new`, this.#options.markFile);
  }
}

async function readMark(file: string): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/** One line, whatever stands in its text. */
export function lineOf({ atMs, kind, host, port, cluster, text }: AuditEntry): string {
  const time = new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
  return `${[time, kind, host, String(port), `[${cluster}]`, text.replaceAll(/\s+/g, ' ')].join('\t')}\t\n`;
}
