/**
 * What outlives a connection to a server: since when its channels are quiet, its last answers to what is asked seldom, and
 * which of the operator's queries hung, so that a new connection does not hang on it again at once.
 */
import type { ServerId } from '../../core/topology/server.js';
import type { ResultSet } from './link.js';
import type { StatementName } from './probe-statements.js';
import { QuietWatch } from './quiet.js';

export interface Dropped {
  /** MySQL's error number; 0 for a query that hung or gave more than one result. */
  readonly number: number;
  readonly error: string;
  readonly triedMs: number;
}

export class ProbeMemory {
  #owner: ServerId | null = null;
  #quiet = new QuietWatch();
  /** The last good answer stands while the question fails: a table that is locked must not undo a promotion rule. */
  readonly seldom = new Map<StatementName, ResultSet>();
  readonly hung = new Map<StatementName, Dropped>();

  get quiet(): QuietWatch {
    return this.#quiet;
  }

  /** Another server answers at the address now: what was known of the former does not hold. */
  belongTo(id: ServerId): void {
    if (this.#owner !== null && this.#owner !== id) {
      this.#quiet = new QuietWatch();
      this.seldom.clear();
      this.hung.clear();
    }
    this.#owner = id;
  }
}
