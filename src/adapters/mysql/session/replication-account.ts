/**
 * With which account a server that never was a replica is to follow another, and how it connects: by TLS, how patiently. How it
 * connects is what this node read from a server before it forgot its source, else what the other replicas of the cluster have.
 * User and password are those that ReplicationCredentialsQuery tells on the new source, else those of the other replicas, and
 * remembered ones only where no other tells: passwords change, and what was read long ago would lock out who is told it. A
 * password stays in memory: it is neither in the log nor in the audit, which many may read.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Address, addressText } from '../../../core/topology/address.js';
import type { ClusterId } from '../../../core/topology/server.js';
import type { Connector } from '../connection/connect.js';
import { type Dialect, quoted, type SourceChange, TRANSPORT_OPTIONS, type TransportOption } from '../dialect.js';
import { LinkFailed, StatementFailed } from '../connection/failure.js';
import { type Hold, type TextRow, textRows } from './hold.js';
import { cellText, type ResultSet } from '../connection/link.js';
import { StepFailed } from './step-failed.js';

/** What a server needs to know of its source besides where it is. */
export type ReplicationAccount = Omit<SourceChange, 'address' | 'gtid' | 'coordinates'>;

/** Columns of the saved account, by what CHANGE calls them; all servers that have the table have these. */
const TLS_FILES = {
  CA: 'Ssl_ca',
  CAPATH: 'Ssl_capath',
  CERT: 'Ssl_cert',
  CIPHER: 'Ssl_cipher',
  KEY: 'Ssl_key',
  CRL: 'Ssl_crl',
  CRLPATH: 'Ssl_crlpath',
} as const;

/** The columns of how the bytes travel; each where the version has it. */
const TRANSPORT_COLUMNS: Readonly<Record<TransportOption, string>> = {
  TLS_VERSION: 'Tls_version',
  TLS_CIPHERSUITES: 'Tls_ciphersuites',
  PUBLIC_KEY_PATH: 'Public_key_path',
  COMPRESSION_ALGORITHMS: 'Master_compression_algorithm',
  ZSTD_COMPRESSION_LEVEL: 'Master_zstd_compression_level',
};

/**
 * Null where the account cannot be read from the server: MariaDB keeps it in a file. Of several channels the one that leads to
 * `source` is rather read than another.
 */
function savedAccountSql({ can }: Dialect, source: Address | null): string | null {
  if (!can('sourceInfoTable')) return null;
  const names = Object.keys(TRANSPORT_COLUMNS) as TransportOption[];
  const transport = names.filter((name) => can(TRANSPORT_OPTIONS[name])).map((name) => TRANSPORT_COLUMNS[name]);
  const publicKey = can('publicKeys') ? ', Get_public_key' : '';
  return (
    'SELECT User_name, User_password, Enabled_ssl, Ssl_verify_server_cert, Heartbeat, Connect_retry, Retry_count, ' +
    `${[...Object.values(TLS_FILES), ...transport].join(', ')}${publicKey} ` +
    `FROM mysql.slave_master_info WHERE User_name <> ''${can('channels') ? orderFor(source) : ''} LIMIT 1`
  );
}

function orderFor(source: Address | null): string {
  const leadsThere = source === null ? '' : `(Host = ${quoted(source.host)} AND Port = ${String(source.port)}) DESC, `;
  return ` ORDER BY ${leadsThere}Channel_name`;
}

const READ_MS = 2_000;

/** One that has not told by then is not waited for alone: clients may wait for what needs the account. */
const NEXT_MS = 150;

/** Of so many that say nothing it is enough, where the account is known from before. */
const SILENT_MAX = 3;

/** More clusters than one installation watches; the oldest is forgotten first. */
const REMEMBERED_MAX = 10_000;

export class ReplicationAccounts {
  readonly #connector: Connector;
  readonly #queryNow: () => string;
  readonly #remembered = new Map<ClusterId, ReplicationAccount>();

  /** `query`: ReplicationCredentialsQuery of that moment, '' for none. Its first two columns are user and password. */
  constructor(connector: Connector, query: () => string) {
    this.#connector = connector;
    this.#queryNow = query;
  }

  /** Reads the account of a server that is about to forget it. A missing grant is no obstacle: others may be asked. */
  async remember(cluster: ClusterId, hold: Hold): Promise<void> {
    try {
      const sql = savedAccountSql(hold.dialect, null);
      const [row] = sql === null ? [] : await hold.read(sql, READ_MS);
      if (row !== undefined) this.#keep(cluster, savedAccount(row));
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
    }
  }

  /** Rejects with StepFailed when nobody knows. `others`: servers of the cluster that replicate. */
  async find(
    cluster: ClusterId,
    server: Address,
    source: Address,
    others: readonly Address[],
  ): Promise<ReplicationAccount> {
    const asked = await this.#queried(source);
    const remembered = this.#remembered.get(cluster) ?? null;
    const patience = remembered === null ? others.length : SILENT_MAX;
    const told = await this.#savedBy(source, others.slice(0, patience), remembered === null);
    const saved = told === null ? remembered : underPasswordOf(told, remembered ?? told);
    if (saved !== null) this.#keep(cluster, saved);
    // How the others connect is kept, whoever tells the account: a server that used TLS must not go on without it.
    if (asked !== null) return { ...(saved ?? WITHOUT_TLS), credentials: asked };
    if (saved !== null) return saved;
    const text = `${addressText(server)} has no source yet, and no account is known with which it could log in to ${addressText(source)}`;
    throw new StepFailed('state', `${text}: ${ADVICE}`, false);
  }

  /** As they are now: a replica that replicates is not told what was read long ago. Rejects with StepFailed. */
  async current(
    server: Address,
    source: Address,
    others: readonly Address[],
  ): Promise<NonNullable<ReplicationAccount['credentials']>> {
    const told = (await this.#queried(source)) ?? (await this.#savedBy(source, others, true))?.credentials;
    if (told !== undefined) return told;
    const text = `no other replica tells with which account ${addressText(server)} could log in to ${addressText(source)}`;
    throw new StepFailed('state', `${text}: ${ADVICE}`, false);
  }

  async #queried(source: Address): Promise<NonNullable<ReplicationAccount['credentials']> | null> {
    const query = this.#queryNow();
    const asked = query === '' ? null : await this.#ask(source, () => query);
    return asked === null ? null : credentialsIn(asked);
  }

  /** One after the other, but none keeps the next waiting for long. `toTheEnd`: whoever is silent has all of its time. */
  async #savedBy(source: Address, others: readonly Address[], toTheEnd: boolean): Promise<ReplicationAccount | null> {
    const asked: Promise<ReplicationAccount>[] = [];
    for (const other of others) {
      asked.push(this.#savedOn(other, source));
      const account = await Promise.race([firstOf(asked), sleep(NEXT_MS, null, { ref: false })]);
      if (account !== null) return account;
    }
    return toTheEnd ? await firstOf(asked) : null;
  }

  async #savedOn(other: Address, source: Address): Promise<ReplicationAccount> {
    const saved = await this.#ask(other, (dialect) => savedAccountSql(dialect, source));
    const row = saved === null ? undefined : textRows(saved)[0];
    if (row === undefined) throw new Untold();
    return savedAccount(row);
  }

  #keep(cluster: ClusterId, account: ReplicationAccount): void {
    this.#remembered.delete(cluster);
    this.#remembered.set(cluster, account);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED_MAX && oldest !== undefined) this.#remembered.delete(oldest);
  }

  async #ask(address: Address, queryFor: (dialect: Dialect) => string | null): Promise<ResultSet | null> {
    try {
      const link = await this.#connector.connect(address, READ_MS);
      try {
        const query = queryFor(link.dialect);
        const [set] = query === null ? [] : await link.run(query, READ_MS);
        return set === undefined || set.rows.length === 0 ? null : set;
      } finally {
        link.close();
      }
    } catch (error) {
      if (error instanceof LinkFailed || error instanceof StatementFailed) return null;
      throw error;
    }
  }
}

/** A password is as the others have it now; how the one connected that forgot its source is told by that one. */
function underPasswordOf({ credentials }: ReplicationAccount, account: ReplicationAccount): ReplicationAccount {
  return credentials === undefined ? account : { ...account, credentials };
}

const ADVICE =
  'set ReplicationCredentialsQuery, or on MySQL grant SELECT on mysql.slave_master_info (MariaDB has no such table)';

class Untold extends Error {}

/** Null when none of them tells. */
async function firstOf(asked: readonly Promise<ReplicationAccount>[]): Promise<ReplicationAccount | null> {
  try {
    return await Promise.any(asked);
  } catch (error) {
    const faults = error instanceof AggregateError ? error.errors.filter((one) => !(one instanceof Untold)) : [error];
    if (faults.length > 0) throw faults[0];
    return null;
  }
}

function savedAccount(row: TextRow): ReplicationAccount {
  return {
    credentials: { user: row['User_name'] ?? '', password: row['User_password'] ?? '' },
    tls: row['Enabled_ssl'] === '1',
    verifiesServer: row['Ssl_verify_server_cert'] === '1',
    tlsFiles: tlsFilesIn(row),
    transport: Object.fromEntries(Object.entries(TRANSPORT_COLUMNS).map(([name, column]) => [name, row[column] ?? ''])),
    ...(row['Get_public_key'] === undefined ? {} : { getPublicKey: row['Get_public_key'] === '1' }),
    heartbeatSeconds: Number(row['Heartbeat'] ?? '0'),
    connectRetrySeconds: Number(row['Connect_retry'] ?? '60'),
    retryCount: Number(row['Retry_count'] ?? '86400'),
  };
}

/** Paths are those of the server that was asked; servers of one cluster are set up alike. */
function tlsFilesIn(row: TextRow): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(TLS_FILES).flatMap(([name, column]) => {
      const path = row[column] ?? '';
      return path === '' ? [] : [[name, path] as const];
    }),
  );
}

/** Without TLS caching_sha2_password needs the source's public key. */
const WITHOUT_TLS: ReplicationAccount = { getPublicKey: true };

/** By place, not by name: the query is the operator's. */
function credentialsIn({ rows }: ResultSet): NonNullable<ReplicationAccount['credentials']> {
  const [user, password] = rows[0] ?? [];
  return { user: cellText(user), password: cellText(password) };
}
