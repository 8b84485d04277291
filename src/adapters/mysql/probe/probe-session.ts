/**
 * The probes of one kept connection. Everything is asked in one query; a statement that this server refuses (a missing
 * grant, a variable of a plugin that is not loaded) is left out from then on and the rest asked again at once. What was
 * refused is tried again every minute, by itself, or, where a right was missing, over a new connection: MySQL gives a
 * session the rights that its account had when it connected.
 */
import type { ServerReport } from '../../../core/topology/report.js';
import { sameValue } from '../../../core/topology/diff.js';
import type { ServerFacts } from '../../../core/topology/server.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import { blindSpotsOf, mendOf } from './blind-spots.js';
import { DENIALS, StatementFailed } from '../connection/failure.js';
import { AnsweredInPart, cellText, type Link, type ResultSet } from '../connection/link.js';
import { type Dropped, ProbeMemory, REFUSAL_PAUSE_MS } from './probe-memory.js';
import { dumpThreadsSql, type ProbeStatement, probeStatements, type StatementName } from './probe-statements.js';
import {
  FIXED_COLUMNS,
  type FixedName,
  fixedStatement,
  type GroupName,
  groupOf,
  type VariableGroup,
  type VariableName,
  variableGroups,
  variablesSql,
} from './probe-variables.js';
import { lagBlindSpots, NO_QUESTIONS, type Questions, questionStatements } from './questions.js';
import { ReplicaPlaces } from './replica-places.js';
import { registeredReplicas } from './replica-rows.js';
import { type Answers, buildReport, identityOf } from './report-rows.js';
import { rowsOf } from '../table.js';

/** How often that is asked which only people change; see `ProbeStatement.pace`. */
const SLOW_MS = 10_000;

/**
 * What the operator's queries may take together, once all of ours is in: a part of the probe's time, and never so much
 * that a server whose other answers are there would be late for the next probe.
 */
const QUESTIONS_SHARE = 0.25;
const QUESTIONS_LIMIT_MS = 1_000;

/** What a refusal of one statement looks like. Anything else (a shutdown, a killed query) is no reason to stop asking. */
const REFUSALS = new Set([
  1044, 1045, 1049, 1054, 1064, 1109, 1142, 1143, 1144, 1146, 1193, 1227, 1235, 1238, 1286, 1289, 1305, 1356, 1370,
  1682, 3118,
]);

/** Not of one statement: the session or the server itself ends, or the account is no longer let in. */
const ENDS = new Set([1053, 1077, 1079, 1152, 1184, 1317, 1927, 3032, 3169, 3170, 4031]);

/** More reruns than there are statements and groups to drop would be a mistake of ours, not of the server. */
const MAX_RERUNS = 40;

/** Stands between our statements and the operator's: its answer says that all of ours have come in whole. */
const MARK = 'DO 0';

export class ProbeSession {
  readonly link: Link;
  readonly #questions: Questions;
  readonly #memory: ProbeMemory;
  readonly #statements: readonly ProbeStatement[];
  readonly #groups: readonly VariableGroup[];
  readonly #dropped = new Map<StatementName | GroupName, Dropped>();
  readonly #places: ReplicaPlaces;
  readonly #nowMs: () => number;
  readonly #openedMs: number;
  #fixed: ReadonlyMap<FixedName, string> | null = null;
  #slowReadMs = Number.NEGATIVE_INFINITY;
  #lastFacts: ServerFacts | null = null;

  constructor(
    link: Link,
    nowMs: () => number = monotonicNowMs,
    questions: Questions = NO_QUESTIONS,
    memory: ProbeMemory = new ProbeMemory(),
  ) {
    this.link = link;
    this.#questions = questions;
    this.#memory = memory;
    this.#statements = [
      ...probeStatements(link.dialect, !questions.replicationAccountIsKnown),
      ...questionStatements(questions),
    ];
    this.#groups = variableGroups(link.dialect);
    this.#places = new ReplicaPlaces(link.address.host, questions.onlyReportedReplicas);
    this.#nowMs = nowMs;
    this.#openedMs = nowMs();
    for (const [name, hung] of memory.hung) if (nowMs() - hung.triedMs < hung.pauseMs) this.#dropped.set(name, hung);
  }

  /** Rejects with LinkFailed, or StatementFailed where nothing useful can be read from this server. */
  async report(deadlineMs: number): Promise<ServerReport> {
    const startedMs = this.#nowMs();
    this.#fixed ??= await this.#readFixed(deadlineMs);
    const { variables, sets } = await this.#runBatch(deadlineMs);
    const { dialect, address } = this.link;
    const account = this.#fixed.get('account') ?? '';
    // What comes back is not in this report yet.
    const dropped = blindSpotsOf(dialect, this.#statements, this.#dropped, account);
    if (this.link.alive) await this.#retryDropped(deadlineMs);
    if (this.link.alive) await this.#locate(sets, deadlineMs);
    const nowMs = this.#nowMs();
    const located = this.#places.locate(registeredReplicas(rowsOf(sets.get('replicas'))), nowMs);
    const answers: Answers = {
      dialect,
      address,
      fixed: this.#fixed,
      variables,
      sets,
      replicaAddresses: located.addresses,
      blindSpots: [...dropped, ...lagBlindSpots(sets.get('lag')), ...located.blindSpots],
      asksForLag: this.#questions.lag !== '',
      replicationAccountIsKnown: this.#questions.replicationAccountIsKnown,
      nowMs,
      latencyMs: nowMs - startedMs,
    };
    this.#memory.belongTo(identityOf(answers));
    return this.#withKnownFacts(buildReport(answers, this.#memory.quiet));
  }

  /** A right was missing a minute ago, and only a new connection can show whether it still is; or this one has had its time. */
  get isOutdated(): boolean {
    const nowMs = this.#nowMs();
    const { connectionLifetimeMs } = this.#questions;
    if (connectionLifetimeMs > 0 && nowMs - this.#openedMs >= connectionLifetimeMs) return true;
    return [...this.#dropped.values()].some(
      ({ number, triedMs, pauseMs }) => DENIALS.has(number) && nowMs - triedMs >= pauseMs,
    );
  }

  /** The same value while nothing changed, so that whoever compares is done at once. */
  #withKnownFacts(report: ServerReport): ServerReport {
    if (this.#lastFacts === null || !sameValue(this.#lastFacts, report.facts)) this.#lastFacts = report.facts;
    return { ...report, facts: this.#lastFacts };
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
    const slowIsDue = this.#nowMs() - this.#slowReadMs >= SLOW_MS;
    for (let run = 0; ; run += 1) {
      const groups = this.#groups.filter(({ name }) => !this.#dropped.has(name));
      const asked = this.#statements.filter((statement) => this.#isAsked(statement, slowIsDue));
      const doubted = asked.filter(({ name }) => this.#memory.doubted.has(name));
      const ours = asked.filter((one) => one.isQuestion !== true && !doubted.includes(one));
      const questions = [...doubted, ...asked.filter(({ isQuestion }) => isQuestion === true)];
      try {
        const [first, ...sets] = await this.#ask(groups, ours, questions, deadlineMs);
        if (slowIsDue) this.#slowReadMs = this.#nowMs();
        return { variables: readVariables(groups, first), sets: this.#named([...ours, ...questions], sets) };
      } catch (error) {
        if (!(error instanceof StatementFailed) || run === MAX_RERUNS) throw error;
        this.#drop(error, groups, ours, questions);
      }
    }
  }

  #isAsked({ name, pace, plugin }: ProbeStatement, slowIsDue: boolean): boolean {
    if (this.#dropped.has(name) || (plugin !== undefined && this.#dropped.has(plugin))) return false;
    return pace === 'each' || slowIsDue;
  }

  /** The variables, then one result for each of ours and of the questions that gave one. */
  async #ask(
    groups: readonly VariableGroup[],
    ours: readonly ProbeStatement[],
    questions: readonly ProbeStatement[],
    deadlineMs: number,
  ): Promise<readonly (ResultSet | undefined)[]> {
    const parts = [variablesSql(groups), ...ours.map(({ sql }) => sql)];
    if (questions.length === 0) {
      try {
        return await this.link.run(parts.join('; '), this.#leftMs(deadlineMs));
      } catch (error) {
        this.#doubt(ours, error);
        throw error;
      }
    }
    // On lines of their own: a comment at the end of a query must not swallow the next one.
    const text = [...parts, MARK, ...questions.map(({ sql }) => sql)].join('\n; ');
    let sets: readonly ResultSet[];
    try {
      const leftMs = this.#leftMs(deadlineMs);
      const tailMs = Math.min(QUESTIONS_SHARE * leftMs, QUESTIONS_LIMIT_MS);
      sets = await this.link.run(text, leftMs, { afterSets: parts.length + 1, ms: tailMs });
    } catch (error) {
      this.#doubt(ours, error);
      if (!(error instanceof AnsweredInPart) || error.sets.length < parts.length) throw error;
      this.#hold(
        questions.slice(error.sets.length - parts.length),
        'it had not answered when the rest of the report was in',
      );
      return error.sets.slice(0, parts.length);
    }
    if (sets.length === parts.length + 1 + questions.length) {
      for (const { name } of questions) {
        this.#memory.hung.delete(name);
        this.#memory.doubted.delete(name);
      }
      return [...sets.slice(0, parts.length), ...sets.slice(parts.length + 1)];
    }
    this.#hold(
      questions.filter(({ isQuestion }) => isQuestion === true),
      'one of these queries gives more than one result',
    );
    return sets.slice(0, parts.length);
  }

  /** The probe has ended with one of ours; the next one asks it last, and has the rest. */
  #doubt(ours: readonly ProbeStatement[], error: unknown): void {
    if (!(error instanceof AnsweredInPart)) return;
    const culprit = ours[error.sets.length];
    if (culprit?.whenItStands !== undefined) this.#memory.doubted.add(culprit.name);
  }

  /** The first of them did not answer, or it cannot be told which one is to blame. */
  #hold(questions: readonly ProbeStatement[], error: string): void {
    const [culprit] = questions;
    if (culprit === undefined) return;
    this.#dropped.set(culprit.name, this.#memory.holdBack(culprit.name, error, this.#nowMs()));
  }

  /** Finds the part to blame, or throws the error on: without that part there is no report. */
  #drop(
    error: StatementFailed,
    groups: readonly VariableGroup[],
    ours: readonly ProbeStatement[],
    questions: readonly ProbeStatement[],
  ): void {
    const question = questions[error.index - ours.length - 2];
    const statement = ours[error.index - 1] ?? question;
    const part = error.index === 0 ? groupOf(groups, error.text) : statement?.name;
    const isRefusal = question === undefined ? REFUSALS.has(error.number) : !ENDS.has(error.number);
    if (!isRefusal || part === undefined || part === 'basic') throw error;
    // Channels can be seen in two places. Without either, a replica would pass for a primary.
    const other = CHANNEL_VIEWS.includes(part) && ours.filter(({ name }) => CHANNEL_VIEWS.includes(name)).length < 2;
    if (other) throw this.#blinded(error, statement?.sql ?? '');
    this.#dropped.set(part, refused(error, this.#nowMs()));
    // Of the operator's queries the last good answer stands; what is ours and cannot be seen is not known.
    if (question === undefined && statement !== undefined) this.#memory.seldom.delete(statement.name);
  }

  #blinded(error: StatementFailed, sql: string): StatementFailed {
    const mend = mendOf(this.link.dialect, 'replica status', this.#fixed?.get('account') ?? '');
    const text = `${error.text}; without it a replica cannot be told from a primary: ${mend}`;
    return new StatementFailed(this.link.address, sql, error.number, text, error.index, mend);
  }

  /** One by one, so that a refusal costs the report nothing. What comes back is asked from the next probe on. */
  async #retryDropped(deadlineMs: number): Promise<void> {
    for (const [part, { number, triedMs, pauseMs }] of this.#dropped) {
      const nowMs = this.#nowMs();
      if (nowMs - triedMs < pauseMs || DENIALS.has(number)) continue;
      const group = this.#groups.find(({ name }) => name === part);
      const statement = this.#statements.find(({ name }) => name === part);
      const sql = group === undefined ? statement?.sql : variablesSql([group]);
      if (sql === undefined) continue;
      if (statement?.isQuestion === true || number === 0) {
        this.#comeBack(part);
        continue;
      }
      try {
        await this.link.run(sql, this.#leftMs(deadlineMs));
        this.#comeBack(part);
      } catch (error) {
        if (!(error instanceof StatementFailed)) throw error;
        this.#dropped.set(part, refused(error, nowMs));
      }
    }
  }

  /** A question goes with the next batch again, where a refusal or its hanging is provided for. */
  #comeBack(part: StatementName | GroupName): void {
    this.#dropped.delete(part);
    this.#slowReadMs = Number.NEGATIVE_INFINITY;
  }

  async #locate(sets: ReadonlyMap<StatementName, ResultSet>, deadlineMs: number): Promise<void> {
    const registered = registeredReplicas(rowsOf(sets.get('replicas')));
    if (!this.#places.needsThreads(registered, this.#nowMs())) return;
    try {
      const [set] = await this.link.run(dumpThreadsSql(this.link.dialect), this.#leftMs(deadlineMs));
      const threads = (set?.rows ?? []).map((row) => ({ host: cellText(row[0]), uuid: cellText(row[1]) }));
      this.#places.learn(threads, this.#nowMs());
    } catch (error) {
      if (!(error instanceof StatementFailed)) throw error;
      this.#places.learn([], this.#nowMs());
    }
  }

  /** Seldom answers stand until they are given anew. */
  #named(
    statements: readonly ProbeStatement[],
    sets: readonly (ResultSet | undefined)[],
  ): ReadonlyMap<StatementName, ResultSet> {
    const { seldom } = this.#memory;
    const answers = new Map<StatementName, ResultSet>();
    statements.forEach(({ name, pace }, at) => {
      const set = sets[at];
      if (set === undefined) return;
      if (pace === 'slow') seldom.set(name, set);
      else answers.set(name, set);
    });
    for (const [name, set] of seldom) answers.set(name, set);
    return answers;
  }
}

function refused({ number, text }: StatementFailed, triedMs: number): Dropped {
  return { number, error: text, triedMs, pauseMs: REFUSAL_PAUSE_MS };
}

const CHANNEL_VIEWS: readonly (StatementName | GroupName)[] = ['replica-status', 'connections'];

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
