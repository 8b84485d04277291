/**
 * A server whose barrier lock this session holds, and the only way to change it. Every change passes three locks in this
 * order: a deadline taken from the server's own clock, a proof of quorum that is younger than that, and the lease, looked
 * at in the very turn in which the statement is written to the socket. The server then judges the first part of the
 * statement itself: past its deadline, or without the lock, the rest is not run (SAFETY.md, "Fencing a former leader").
 *
 * So a leader that was frozen with a statement on its lips wakes up, speaks, and is not obeyed.
 */
import { assert } from '../../../core/base/assert.js';
import type { Address } from '../../../core/topology/address.js';
import { addressText } from '../../../core/topology/address.js';
import type { ServerId } from '../../../core/topology/server.js';
import type { Authority } from '../../../runtime/ports/mysql.js';
import { type Dialect, quoted } from '../dialect.js';
import { shown, StatementFailed } from '../connection/failure.js';
import { cellText, type Link, type ResultSet } from '../connection/link.js';
import { StepFailed, statementFailed } from './step-failed.js';

/** What a session knows of its server without asking again. */
interface SessionMemory {
  /** Seconds, by channel; what is not there was not read. */
  readonly heartbeats: Map<string, number>;
  /** It may hold the lock of `lockWrites`. */
  locksWrites: boolean;
}

/** Rows by column name; NULL is ''. */
export type TextRow = Readonly<Record<string, string>>;

/**
 * How long a change may wait between the look at the server's clock and its start there: the confirmation of quorum and one
 * way through the network. A new leader never waits for it, so it is only as short as a slow quorum allows.
 */
export const CHANGE_DEADLINE_MS = 1000;

/** `Subquery returns more than 1 row`: the condition did not hold. On all flavours it ends a statement of several parts. */
const CONDITION_FAILED = 1242;

export type ServerAt = (address: Address) => ServerId | null;

export interface StepView {
  readonly channel?: string | null;
  readonly serverAt?: ServerAt;
}

export class Hold {
  readonly link: Link;
  readonly #lock: string;
  readonly #authority: Authority;
  readonly #deadlineMs: number;
  /** The channel that steps are about; null: the default one, or the only one. */
  readonly channel: string | null;
  readonly memory: SessionMemory;
  /** Who is known to stand at an address. */
  readonly serverAt: ServerAt;

  constructor(
    link: Link,
    lock: string,
    authority: Authority,
    deadlineMs = CHANGE_DEADLINE_MS,
    { channel = null, serverAt = () => null }: StepView = {},
    memory: SessionMemory = { heartbeats: new Map(), locksWrites: false },
  ) {
    this.link = link;
    this.#lock = lock;
    this.#authority = authority;
    this.#deadlineMs = deadlineMs;
    this.channel = channel;
    this.serverAt = serverAt;
    this.memory = memory;
  }

  /** The same hold, as one step sees it: it may be about one of several channels. */
  about(view: StepView): Hold {
    const { channel, serverAt } = this;
    const seen = { channel, serverAt, ...view };
    return new Hold(this.link, this.#lock, this.#authority, this.#deadlineMs, seen, this.memory);
  }

  /** For what is guarded by this barrier from another session. */
  get lock(): string {
    return this.#lock;
  }

  get authority(): Authority {
    return this.#authority;
  }

  get address(): Address {
    return this.link.address;
  }

  get dialect(): Dialect {
    return this.link.dialect;
  }

  /** Rows of the first statement. Rejects with StepFailed or LinkFailed. */
  async read(statement: string, timeoutMs: number): Promise<readonly TextRow[]> {
    const [first] = await this.#run(statement, statement, timeoutMs);
    return first === undefined ? [] : textRows(first);
  }

  /** The one row of a statement that always has one. */
  async readRow(statement: string, timeoutMs: number): Promise<TextRow> {
    const [row] = await this.read(statement, timeoutMs);
    assert(row !== undefined, `${statement} returns a row`);
    return row;
  }

  /** One statement that changes the server. Rejects with StepFailed (`late`: certainly not run) or LinkFailed. */
  async change(statement: string, timeoutMs: number): Promise<void> {
    await takeDeadline(this.link, this.#deadlineMs, timeoutMs);
    await confirmed(this.#authority);
    const lock = quoted(this.#lock);
    const guarded = `${condition(`AND IS_USED_LOCK(${lock}) = CONNECTION_ID()`)}; ${statement}`;
    assertLease(this.#authority);
    try {
      await this.#run(guarded, statement, timeoutMs);
    } catch (error) {
      throw wasRefused(error) ? await this.#whyRefused(statement, timeoutMs) : error;
    }
  }

  async #run(text: string, named: string, timeoutMs: number): Promise<readonly ResultSet[]> {
    try {
      return await this.link.run(text, timeoutMs);
    } catch (error) {
      throw error instanceof StatementFailed ? statementFailed(this.address, named, error) : error;
    }
  }

  async #whyRefused(statement: string, timeoutMs: number): Promise<StepFailed> {
    const row = await this.readRow(`SELECT IS_USED_LOCK(${quoted(this.#lock)}) = CONNECTION_ID() AS held`, timeoutMs);
    const server = addressText(this.address);
    if (row['held'] === '1') {
      const text = `${server}: ${shown(statement)}: not run, its deadline of ${String(this.#deadlineMs)} ms had passed`;
      return new StepFailed('late', text, true);
    }
    this.link.destroy();
    return new StepFailed('barrier', `${server}: ${shown(statement)}: not run, the lock ${this.#lock} is lost`, true);
  }
}

function wasRefused(error: unknown): boolean {
  const cause = error instanceof StepFailed ? error.cause : error;
  // None of the changes has a subquery, so the number alone tells.
  return cause instanceof StatementFailed && cause.number === CONDITION_FAILED;
}

/** Remembers, in the session, until when on the server's own clock a change may begin. */
export async function takeDeadline(link: Link, deadlineMs: number, timeoutMs: number): Promise<void> {
  await link.run(
    `SET @orchestrator_deadline = SYSDATE(6) + INTERVAL ${String(deadlineMs * 1000)} MICROSECOND`,
    timeoutMs,
  );
}

/** The first part of a guarded statement: fails when the deadline has passed or `further` does not hold. */
export function condition(further: string): string {
  return `SELECT IF(SYSDATE(6) < @orchestrator_deadline ${further}, 1, (SELECT 1 UNION ALL SELECT 2))`;
}

export async function confirmed(authority: Authority): Promise<void> {
  try {
    await authority.confirm();
  } catch (error) {
    throw withoutAuthority(error);
  }
}

export function assertLease(authority: Authority): void {
  try {
    authority.assertLease();
  } catch (error) {
    throw withoutAuthority(error);
  }
}

function withoutAuthority(error: unknown): StepFailed {
  const text = error instanceof Error ? error.message : String(error);
  return new StepFailed('authority', `nothing was sent: ${text}`, true, error);
}

export function textRows({ fields, rows }: ResultSet): readonly TextRow[] {
  return rows.map((row) => Object.fromEntries(fields.map(({ name }, at) => [name, cellText(row[at])])));
}
