/**
 * Figures to Graphite, in its plain text protocol: a connection each time, because one that is kept and dead swallows an
 * interval without a word. What does not get through in time is not sent later: figures of the past are no figures.
 */
import { connect } from 'node:net';
import type { Clock, Timer } from '../../runtime/ports/clock.js';

export interface Figure {
  readonly name: string;
  readonly value: number;
}

export interface GraphiteOptions {
  readonly host: string;
  readonly port: number;
  /** Without a dot at its end. */
  readonly path: string;
  readonly everyMs: number;
  readonly clock: Pick<Clock, 'setTimer' | 'wallMs'>;
  figures(): Promise<readonly Figure[]>;
  /** Told once when they cannot be sent, and null once when they can be again. */
  onTrouble(reason: string | null): void;
}

const SEND_MS = 5_000;

export class Graphite {
  readonly #options: GraphiteOptions;
  #timer: Timer | null = null;
  #failing = false;

  constructor(options: GraphiteOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, everyMs } = this.#options;
    this.#timer = clock.setTimer(everyMs, () => {
      this.start();
      void this.send();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Never rejects. */
  async send(): Promise<void> {
    const { figures, clock, path, onTrouble } = this.#options;
    try {
      const seconds = String(Math.floor(clock.wallMs() / 1000));
      const lines = (await figures()).map(({ name, value }) => `${path}.${name} ${String(value)} ${seconds}\n`);
      await this.#deliver(lines.join(''));
      if (this.#failing) onTrouble(null);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) onTrouble(error instanceof Error ? error.message : String(error));
      this.#failing = true;
    }
  }

  #deliver(text: string): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port });
      socket.setTimeout(SEND_MS, () => {
        socket.destroy(new Error(`no answer within ${String(SEND_MS / 1000)} s`));
      });
      socket.on('error', reject);
      socket.on('connect', () => {
        socket.end(text);
      });
      socket.on('close', (failed) => {
        if (!failed) resolve();
      });
      // Whatever it says is of no use; unread, it would keep the connection open.
      socket.resume();
    });
  }
}

/** GraphitePath: `{hostname}` is this host's name, of which the dots would be levels of the tree. */
export function graphitePath(path: string, hostname: string, dotsToUnderscores: boolean): string {
  const name = dotsToUnderscores ? hostname.replaceAll('.', '_') : hostname;
  return path.replaceAll('{hostname}', name).replace(/\.+$/, '');
}
