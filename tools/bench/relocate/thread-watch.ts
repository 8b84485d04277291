// For how long replicas stood: each is asked all the time, over a connection of its own, whether both of its threads run.
// An interruption is counted from the last answer that said yes to the first one that says so again, so it is never
// measured too short, and too long by the time between two questions at most.
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection } from 'mysql2/promise';
import { dialectOf, readReplicaStatus } from '../../lab/dialect.js';
import { type LabServer, ORCHESTRATOR_ACCOUNT, type Row } from '../../lab/lab-server.js';

const EVERY_MS = 10;

export class ThreadWatch {
  /** By `host:port`: the longest interruption since the last `reset`, milliseconds. */
  readonly longest = new Map<string, number>();
  readonly #watched: readonly Promise<void>[];
  #ended = false;

  constructor(servers: readonly LabServer[]) {
    this.#watched = servers.map((server) => this.#watch(server));
  }

  reset(): void {
    this.longest.clear();
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#watched);
  }

  async #watch(server: LabServer): Promise<void> {
    const session = await createConnection({ host: server.host, port: server.port, ...ORCHESTRATOR_ACCOUNT });
    let ranAtMs = performance.now();
    let before: Look = { runs: true, port: null };
    while (!this.#ended) {
      const askedAtMs = performance.now();
      const now = await look(server, session);
      // One that has another source by now has stood in between, however short that was.
      const stood = !before.runs || (before.port !== null && before.port !== now.port);
      if (now.runs && stood) this.#note(server.address, performance.now() - ranAtMs);
      if (now.runs) ranAtMs = askedAtMs;
      before = now;
      await sleep(EVERY_MS);
    }
    await session.end();
  }

  #note(address: string, ms: number): void {
    this.longest.set(address, Math.max(this.longest.get(address) ?? 0, ms));
  }
}

interface Look {
  readonly runs: boolean;
  readonly port: number | null;
}

async function look({ flavor }: LabServer, session: Connection): Promise<Look> {
  const [rows] = await session.query(dialectOf(flavor).replicaStatus);
  const [row] = rows as Row[];
  const status = row === undefined ? undefined : readReplicaStatus(row);
  return { runs: status?.ioRunning === 'Yes' && status.sqlRunning === 'Yes', port: status?.sourcePort ?? null };
}
