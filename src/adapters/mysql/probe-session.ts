/**
 * The probes of one kept connection. Everything is asked in one query; a statement that this server refuses (a missing
 * grant, a variable of a plugin that is not loaded) is left out from then on and the rest asked again at once. What was
 * refused is tried again every minute, by itself, or, where a right was missing, over a new connection: MySQL gives a
 * session the rights that its account had when it connected.
 */
import type { ServerReport } from '../../core/topology/report.js';
import type { BlindSpot } from '../../core/topology/server.js';
import { monotonicNowMs } from '../../runtime/ports/clock.js';
import { StatementFailed } from './failure.js';
import { cellText, type Link, type ResultSet } from './link.js';
import {
  dumpThreadsSql,
  FIXED_COLUMNS,
  type FixedName,
  fixedStatement,
  type GroupName,
  type ProbeStatement,
  probeStatements,
  type StatementName,
  type VariableGroup,
  type VariableName,
  variableGroups,
  variablesSql,
} from './probe-statements.js';
import {
  type DumpThread,
  type Located,
  locateReplicas,
  type RegisteredReplica,
  registeredReplicas,
} from './replica-rows.js';
import { type Answers, buildReport } from './report-rows.js';
import { rowsOf } from './table.js';

const RETRY_MS = 60_000;
const LOST_AFTER_MS = 10_000;

/** What a refusal of one statement looks like. Anything else (a shutdown, a killed query) is no reason to stop asking. */
const REFUSALS = new Set([
  1044, 1045, 1049, 1054, 1064, 1109, 1142, 1143, 1144, 1146, 1193, 1227, 1235, 1238, 1286, 1289, 1305, 1356, 1370,
  1682, 3118,
]);

/** Those of them that are about rights. */
const DENIALS = new Set([1044, 1142, 1143, 1144, 1227, 1370]);

/** More reruns than there are statements and groups to drop would be a mistake of ours, not of the server. */
const MAX_RERUNS = 20;

interface Dropped {
  readonly number: number;
  readonly error: string;
  readonly triedMs: number;
}

export class ProbeSession {
  readonly link: Link;
  readonly #statements: readonly ProbeStatement[];
  readonly #groups: readonly VariableGroup[];
  readonly #dropped = new Map<StatementName | GroupName, Dropped>();
  readonly #nowMs: () => number;
  #fixed: ReadonlyMap<FixedName, string> | null = null;
  /** For replicas without report_host: read when such a one is seen for the first time, and once a minute after that. */
  #threads: readonly DumpThread[] = [];
  #threadsReadMs = Number.NEGATIVE_INFINITY;
  #lostSinceMs: number | null = null;

  constructor(link: Link, nowMs: () => number = monotonicNowMs) {
    this.link = link;
    this.#statements = probeStatements(link.dialect);
    this.#groups = variableGroups(link.dialect);
    this.#nowMs = nowMs;
  }

  /** Rejects with LinkFailed, or StatementFailed where nothing useful can be read from this server. */
  async report(deadlineMs: number): Promise<ServerReport> {
    const startedMs = this.#nowMs();
    this.#fixed ??= await this.#readFixed(deadlineMs);
    const { variables, sets } = await this.#runBatch(deadlineMs);
    await this.#retryDropped(deadlineMs);
    const replicas = await this.#locate(registeredReplicas(rowsOf(sets.get('replicas'))), deadlineMs);
    const answers: Answers = {
      dialect: this.link.dialect,
      address: this.link.address,
      fixed: this.#fixed,
      variables,
      sets,
      replicaAddresses: replicas.addresses,
      blindSpots: [...this.#blindSpots(this.#fixed.get('account') ?? ''), ...this.#lostReplicas(replicas.lostPorts)],
      latencyMs: this.#nowMs() - startedMs,
    };
    return buildReport(answers);
  }

  /** A right was missing a minute ago, and only a new connection can show whether it still is. */
  get isOutdated(): boolean {
    const nowMs = this.#nowMs();
    return [...this.#dropped.values()].some(
      ({ number, triedMs }) => DENIALS.has(number) && nowMs - triedMs >= RETRY_MS,
    );
  }

  #leftMs(deadlineMs: number): number {
    return Math.max(1, deadlineMs - this.#nowMs());
  }

  async #readFixed(deadlineMs: number): Promise<ReadonlyMap<FixedName, string>> {
    const sets = await this.link.run(fixedStatement(this.link.dialect), this.#leftMs(deadlineMs));
    const row = sets[0]?.rows[0] ?? [];
    return new Map(FIXED_COLUMNS.map((name, at) => [name, cellText(row[at])]));
  }

  async #runBatch(deadlineMs: number): Promise<Pick<Answers, 'variables' | 'sets'>> {
    for (let run = 0; ; run += 1) {
      const groups = this.#groups.filter(({ name }) => !this.#dropped.has(name));
      const statements = this.#statements.filter(({ name }) => !this.#dropped.has(name));
      const text = [variablesSql(groups), ...statements.map(({ sql }) => sql)].join('; ');
      try {
        const [first, ...rest] = await this.link.run(text, this.#leftMs(deadlineMs));
        return { variables: readVariables(groups, first), sets: named(statements, rest) };
      } catch (error) {
        if (!(error instanceof StatementFailed) || run === MAX_RERUNS) throw error;
        this.#drop(error, groups, statements);
      }
    }
  }

  /** Finds the part to blame, or throws the error on: without that part there is no report. */
  #drop(error: StatementFailed, groups: readonly VariableGroup[], statements: readonly ProbeStatement[]): void {
    const statement = statements[error.index - 1];
    const part = error.index === 0 ? groupOf(groups, error.text) : statement?.name;
    if (!REFUSALS.has(error.number) || part === undefined || part === 'basic') throw error;
    // Channels can be seen in two places. Without either, a replica would pass for a primary.
    const other =
      CHANNEL_VIEWS.includes(part) && statements.filter(({ name }) => CHANNEL_VIEWS.includes(name)).length < 2;
    if (other) throw this.#blinded(error, statement?.sql ?? '');
    this.#dropped.set(part, { number: error.number, error: error.text, triedMs: this.#nowMs() });
  }

  #blinded(error: StatementFailed, sql: string): StatementFailed {
    const { grant } = this.#statements.find(({ name }) => name === 'replica-status') ?? { grant: null };
    const mend = `GRANT ${grant ?? ''} TO ${accountText(this.#fixed?.get('account') ?? '')}`;
    const text = `${error.text}; without it a replica cannot be told from a primary: ${mend}`;
    return new StatementFailed(this.link.address, sql, error.number, text, error.index);
  }

  /** One by one, so that a refusal costs the report nothing. What comes back is asked from the next probe on. */
  async #retryDropped(deadlineMs: number): Promise<void> {
    for (const [part, { number, triedMs }] of this.#dropped) {
      const nowMs = this.#nowMs();
      if (nowMs - triedMs < RETRY_MS || DENIALS.has(number)) continue;
      const group = this.#groups.find(({ name }) => name === part);
      const sql = group === undefined ? this.#statements.find(({ name }) => name === part)?.sql : variablesSql([group]);
      if (sql === undefined) continue;
      try {
        await this.link.run(sql, this.#leftMs(deadlineMs));
        this.#dropped.delete(part);
      } catch (error) {
        if (!(error instanceof StatementFailed)) throw error;
        this.#dropped.set(part, { number: error.number, error: error.text, triedMs: nowMs });
      }
    }
  }

  #blindSpots(account: string): readonly BlindSpot[] {
    const spots: BlindSpot[] = [];
    for (const { name, shows, grant } of this.#statements) {
      const dropped = this.#dropped.get(name);
      if (dropped === undefined) continue;
      const mend = grant === null ? '' : `GRANT ${grant} TO ${accountText(account)}`;
      spots.push({ what: shows, error: dropped.error, mend });
    }
    return spots;
  }

  /** A replica stands in the list a moment before its dump thread does; only one that stays without is worth a word. */
  #lostReplicas(ports: readonly number[]): readonly BlindSpot[] {
    if (ports.length === 0) this.#lostSinceMs = null;
    else this.#lostSinceMs ??= this.#nowMs();
    if (this.#lostSinceMs === null || this.#nowMs() - this.#lostSinceMs < LOST_AFTER_MS) return [];
    return ports.map((port) => ({
      what: `the host of the replica with port ${String(port)}`,
      error: 'it has no report_host, and its dump thread cannot be seen',
      mend: 'set report_host on that replica, or grant the right to see the process list',
    }));
  }

  async #locate(registered: readonly RegisteredReplica[], deadlineMs: number): Promise<Located> {
    const own = this.link.address.host;
    const isNew = ({ host, uuid }: RegisteredReplica): boolean =>
      host === '' && !this.#threads.some((thread) => uuid !== '' && thread.uuid === uuid);
    const isOld = this.#nowMs() - this.#threadsReadMs > RETRY_MS && registered.some(({ host }) => host === '');
    if (isOld || registered.some(isNew)) {
      this.#threads = await this.#readDumpThreads(deadlineMs);
      this.#threadsReadMs = this.#nowMs();
    }
    return locateReplicas(registered, this.#threads, own);
  }

  async #readDumpThreads(deadlineMs: number): Promise<readonly DumpThread[]> {
    try {
      const [set] = await this.link.run(dumpThreadsSql(this.link.dialect), this.#leftMs(deadlineMs));
      return (set?.rows ?? []).map((row) => ({ host: cellText(row[0]), uuid: cellText(row[1]) }));
    } catch (error) {
      if (error instanceof StatementFailed) return [];
      throw error;
    }
  }
}

const CHANNEL_VIEWS: readonly (StatementName | GroupName)[] = ['replica-status', 'connections'];

/** The group of the variable that the error names: "Unknown system variable 'rpl_semi_sync_source_enabled'". */
function groupOf(groups: readonly VariableGroup[], text: string): GroupName | undefined {
  const variable = /'([a-z_]+)'/i.exec(text)?.[1]?.toLowerCase();
  if (variable === undefined) return undefined;
  const holds = ({ variables }: VariableGroup): boolean =>
    variables.some(({ expression }) => expression === `@@global.${variable}`);
  return groups.find(holds)?.name;
}

function readVariables(
  groups: readonly VariableGroup[],
  set: ResultSet | undefined,
): ReadonlyMap<VariableName, string> {
  const cells = set?.rows[0] ?? [];
  const values = new Map<VariableName, string>();
  let at = 0;
  for (const { variables } of groups) {
    for (const { name } of variables) {
      values.set(name, cellText(cells[at]));
      at += 1;
    }
  }
  return values;
}

function named(
  statements: readonly ProbeStatement[],
  sets: readonly ResultSet[],
): ReadonlyMap<StatementName, ResultSet> {
  return new Map(statements.flatMap(({ name }, at) => (sets[at] === undefined ? [] : [[name, sets[at]] as const])));
}

/** `orchestrator@%` as MySQL says it, `'orchestrator'@'%'` as a GRANT wants it. */
function accountText(account: string): string {
  const at = account.lastIndexOf('@');
  return at < 0 ? `'${account}'` : `'${account.slice(0, at)}'@'${account.slice(at + 1)}'`;
}
