/**
 * What this node does for its peers: it knocks at a server when the leader asks, and as leader it takes in what followers
 * lost. Only servers of the replicated state are looked at, so that no caller can make this node connect anywhere else.
 */
import type { NodeVote } from '../../core/analysis/vote.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { Clock } from '../ports/clock.js';
import type { Prober } from '../ports/mysql.js';
import type { PeerDuties } from '../ports/peers.js';
import type { DiagnosisLoop } from './diagnosis-loop.js';

/** Looks at a time; a leader that asks for more has lost a data centre, and gets the rest in its next round. */
const LOOKS_MAX = 128;

export interface LentEyesParts {
  readonly clock: Clock;
  readonly prober: Pick<Prober, 'knock'>;
  readonly loop: Pick<DiagnosisLoop, 'knows' | 'ranSince' | 'noticeLostBy'>;
  /** The longest look, whatever the caller allows, milliseconds. */
  readonly knockMs: number;
}

interface Look {
  readonly startedAtMs: number;
  readonly answer: Promise<{ readonly vote: NodeVote; readonly detail: string }>;
}

export class LentEyes implements PeerDuties {
  readonly #parts: LentEyesParts;
  readonly #looks = new Map<string, Look>();

  constructor(parts: LentEyesParts) {
    this.#parts = parts;
  }

  async examine(
    address: Address,
    timeoutMs: number,
  ): Promise<{ readonly vote: NodeVote; readonly detail: string; readonly ageMs: number }> {
    const { clock, loop } = this.#parts;
    const name = addressText(address);
    if (!loop.knows(address)) return { vote: 'none', detail: `${name} is not known to this node`, ageMs: 0 };
    const look = this.#looks.get(name) ?? this.#begin(address, name, timeoutMs);
    if (look === null) return { vote: 'none', detail: `${LOOKS_MAX} other looks are under way`, ageMs: 0 };
    const { vote, detail } = await look.answer;
    const ageMs = clock.nowMs() - look.startedAtMs;
    // The time limit of a look runs out while a process is stopped, whatever the server did.
    if (!loop.ranSince(look.startedAtMs)) return { vote: 'none', detail: 'this node was paused meanwhile', ageMs };
    return { vote, detail, ageMs };
  }

  lost(from: string, address: Address, reason: string): void {
    this.#parts.loop.noticeLostBy(from, address, reason);
  }

  #begin(address: Address, name: string, timeoutMs: number): Look | null {
    if (this.#looks.size >= LOOKS_MAX) return null;
    const { clock, prober, knockMs } = this.#parts;
    const answer = prober.knock(address, Math.min(timeoutMs, knockMs)).finally(() => this.#looks.delete(name));
    const look: Look = { startedAtMs: clock.nowMs(), answer };
    this.#looks.set(name, look);
    return look;
  }
}
