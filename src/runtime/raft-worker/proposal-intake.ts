/**
 * What the main thread proposes, and how each of it ends: committed, refused at once, dropped because another leader's
 * entry stands at its place, or of unknown fate because its place came with a snapshot. Every one is told of exactly once.
 */
import type { Entry, LogIndex } from '../../core/raft/message.js';
import type { Clock } from '../ports/clock.js';
import { refusedAs } from './calls.js';
import { Proposals } from './proposals.js';
import type { Line, Refused, Settled, ToMain, ToWorker } from './protocol.js';
import type { RaftDriver } from './raft-driver.js';

export class ProposalIntake {
  readonly #proposals = new Proposals();
  readonly #clock: Clock;
  readonly #line: Line<ToMain, ToWorker>;
  /** Null until it is known whether this node may vote. */
  readonly #driver: () => RaftDriver | null;

  constructor(clock: Clock, line: Line<ToMain, ToWorker>, driver: () => RaftDriver | null) {
    this.#clock = clock;
    this.#line = line;
    this.#driver = driver;
  }

  take({ firstId, deadlinesMs, lengths, bytes }: Extract<ToWorker, { kind: 'propose' }>): void {
    let offset = 0;
    lengths.forEach((length, position) => {
      const payload = bytes.subarray(offset, offset + length);
      offset += length;
      this.#propose(firstId + position, payload, deadlinesMs[position] ?? 0);
    });
  }

  /** To be told of every committed entry, in order; those of ours among them. */
  committed(entries: readonly Entry[]): readonly Settled[] {
    const { settled, dropped } = this.#proposals.settle(entries);
    const message = 'another leader replaced the command before it was committed';
    this.#refuse(dropped, { code: 'PROPOSAL_DROPPED', message, leader: null });
    return settled;
  }

  /** The log begins anew after `index`. */
  begunAfter(index: LogIndex): void {
    const message =
      'the command was proposed, but its place in the log came with a snapshot: nobody can tell what became of it';
    this.#refuse(this.#proposals.forgetUpTo(index), { code: 'FATE_UNKNOWN', message, leader: null });
  }

  #propose(id: number, payload: Uint8Array, deadlineMs: number): void {
    const now = this.#clock.nowMs();
    if (deadlineMs <= now) {
      const message = 'its deadline passed before it was proposed';
      this.#refuse([id], { code: 'PROPOSAL_DROPPED', message, leader: null });
      return;
    }
    const driver = this.#driver();
    const proposal = driver?.propose(payload) ?? ({ ok: false, refusal: 'not-leader' } as const);
    if (proposal.ok) this.#proposals.add(id, proposal.index, proposal.term, deadlineMs, now);
    else this.#refuse([id], refusedAs(proposal.refusal, driver?.leadership.leader ?? null));
  }

  #refuse(ids: readonly number[], error: Refused): void {
    for (const id of ids) this.#line.post({ kind: 'refused', id, error });
  }
}
