/**
 * What outlives a connection to a server: since when its channels are quiet, its last answers to what is asked seldom, and
 * which statement hung, so that a new connection does not hang on it again at once.
 */
import type { ServerId } from '../../../core/topology/server.js';
import type { ResultSet } from '../connection/link.js';
import type { StatementName } from './probe-statements.js';
import { QuietWatch } from './quiet.js';

export interface Dropped {
  /** MySQL's error number; 0 for a query that hung or gave more than one result. */
  readonly number: number;
  readonly error: string;
  readonly triedMs: number;
  /** How long after `triedMs` it is not asked again. */
  readonly pauseMs: number;
}

const PAUSE_MS = 60_000;

/** A table that is locked for hours still has its answer within the hour after. */
const LONGEST_PAUSE_MS = 3_600_000;

/** How long what was refused is not asked again. */
export const REFUSAL_PAUSE_MS = PAUSE_MS;

export class ProbeMemory {
  #owner: ServerId | null = null;
  #quiet = new QuietWatch();
  /** The last good answer stands while the question fails: a table that is locked must not undo a promotion rule. */
  readonly seldom = new Map<StatementName, ResultSet>();
  readonly hung = new Map<StatementName, Dropped>();
  /** Of ours, what a probe has ended with: asked last, with the operator's, until it has answered in time. */
  readonly doubted = new Set<StatementName>();

  get quiet(): QuietWatch {
    return this.#quiet;
  }

  /** Each time that it hangs again it costs a connection and delays a report, so it is asked ever less often. */
  holdBack(name: StatementName, error: string, nowMs: number): Dropped {
    const before = this.hung.get(name);
    const pauseMs = before === undefined ? PAUSE_MS : Math.min(2 * before.pauseMs, LONGEST_PAUSE_MS);
    const held = { number: 0, error, triedMs: nowMs, pauseMs };
    this.hung.set(name, held);
    return held;
  }

  /** Another server answers at the address now: what was known of the former does not hold. */
  belongTo(id: ServerId): void {
    if (this.#owner !== null && this.#owner !== id) {
      this.#quiet = new QuietWatch();
      this.seldom.clear();
      this.hung.clear();
      this.doubted.clear();
    }
    this.#owner = id;
  }
}
