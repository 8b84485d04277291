// The writer's session with one server: connected when needed, one insert at a time, each with a deadline.
import { createConnection, type Connection } from 'mysql2/promise';

export const WRITER_ACCOUNT = { user: 'shop', password: 'shop', database: 'shop' };

/** How long a client waits for an answer before it looks elsewhere. */
const PATIENCE_MS = 250;

/** The server refuses writes, and the session is as good as before. */
const READ_ONLY_ERRORS = new Set(['ER_OPTION_PREVENTS_STATEMENT', 'ER_READ_ONLY_MODE']);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export class WriteSession {
  readonly address: string;
  readonly #host: string;
  readonly #port: number;
  readonly #patienceMs: number;
  #connection: Connection | undefined;
  #busy = false;

  constructor(
    server: { readonly host: string; readonly port: number; readonly address: string },
    patienceMs = PATIENCE_MS,
  ) {
    this.#patienceMs = patienceMs;
    this.#host = server.host;
    this.#port = server.port;
    this.address = server.address;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** True when the server acknowledged the insert; false says nothing about whether it was made. */
  async insert(id: number): Promise<boolean> {
    this.#busy = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error('no answer'));
      }, this.#patienceMs);
    });
    const work = this.#work(id);
    // When the deadline wins, the attempt still fails later, with nobody to hear it.
    work.catch(() => undefined);
    try {
      await Promise.race([work, late]);
      return true;
    } catch (error) {
      if (!READ_ONLY_ERRORS.has(codeOf(error))) this.close();
      return false;
    } finally {
      clearTimeout(timer);
      this.#busy = false;
    }
  }

  close(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  async #work(id: number): Promise<void> {
    this.#connection ??= await this.#connect();
    await this.#connection.query(`INSERT INTO orders (id) VALUES (${id})`);
  }

  async #connect(): Promise<Connection> {
    const connection = await createConnection({
      host: this.#host,
      port: this.#port,
      connectTimeout: this.#patienceMs,
      ...WRITER_ACCOUNT,
    });
    // A broken connection also reports itself here; the failed insert has said it already.
    connection.on('error', () => undefined);
    return connection;
  }
}
