/**
 * A binlog server (MaxScale): it relays binary logs, has replicas and a source, and understands a handful of statements,
 * one at a time. It is known by its greeting, before the first statement that it would not understand.
 */
import type { ServerReport } from '../../../core/topology/report.js';
import { parseVersion } from '../../../core/topology/version.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import { StatementFailed } from '../connection/failure.js';
import { cellText, type Link, type ResultSet } from '../connection/link.js';
import { QuietWatch } from './quiet.js';
import { locateReplicas, registeredReplicas } from './replica-rows.js';
import { buildReport } from './report-rows.js';
import { pairsOf, rowsOf } from '../table.js';

/** `greeting`: the version in the server's first packet. */
export function isBinlogServer(greeting: string): boolean {
  return /maxscale/i.test(greeting);
}

export class BinlogServerSession {
  readonly link: Link;
  readonly isOutdated = false;
  readonly #nowMs: () => number;
  readonly #quiet = new QuietWatch();

  constructor(link: Link, nowMs: () => number = monotonicNowMs) {
    this.link = link;
    this.#nowMs = nowMs;
  }

  /** Rejects with LinkFailed, or with StatementFailed where even the state of its replication cannot be read. */
  async report(deadlineMs: number): Promise<ServerReport> {
    const startedMs = this.#nowMs();
    const ask = async (sql: string): Promise<ResultSet | undefined> => {
      const [set] = await this.link.run(sql, Math.max(1, deadlineMs - this.#nowMs()));
      return set;
    };
    const replicaStatus = await ask('SHOW SLAVE STATUS');
    const own = pairsOf(await optional(ask("SHOW VARIABLES LIKE 'MAXSCALE%'")));
    const serverNumber = cellText((await optional(ask('SELECT @@server_id')))?.rows[0]?.[0]);
    const status = await optional(ask("SHOW STATUS LIKE 'Uptime'"));
    const binaryLog = await optional(ask('SHOW MASTER STATUS'));
    const replicas = await optional(ask('SHOW SLAVE HOSTS'));
    const { address, dialect } = this.link;
    const version = own.get('MAXSCALE_VERSION') ?? own.get('maxscale_version') ?? '';
    const nowMs = this.#nowMs();
    const sets = { 'replica-status': replicaStatus, status, 'binary-log': binaryLog, replicas } as const;
    const report = buildReport(
      {
        dialect: version === '' ? dialect : { ...dialect, version: parseVersion(`${version}-maxscale`) },
        address,
        // It says nothing of its host that could be trusted: what was configured stands for it.
        fixed: new Map([
          ['hostname', address.host],
          ['port', String(address.port)],
          ['versionComment', 'MaxScale'],
          ['binlogEnabled', '1'],
          ['logReplicaUpdates', '1'],
        ]),
        variables: new Map([
          ['serverNumber', serverNumber === '' ? '0' : serverNumber],
          ['readOnly', '1'],
          ['binlogFormat', 'INHERIT'],
        ]),
        sets: new Map(Object.entries(sets).flatMap(([name, set]) => (set ? [[name as keyof typeof sets, set]] : []))),
        replicaAddresses: locateReplicas(registeredReplicas(rowsOf(replicas)), [], address.host).addresses,
        blindSpots: [],
        asksForLag: false,
        replicationAccountIsKnown: false,
        nowMs,
        latencyMs: nowMs - startedMs,
      },
      this.#quiet,
    );
    return { ...report, facts: { ...report.facts, flavor: 'unknown', isBinlogServer: true } };
  }
}

async function optional(answer: Promise<ResultSet | undefined>): Promise<ResultSet | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatementFailed) return undefined;
    throw error;
  }
}
