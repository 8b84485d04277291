/**
 * Watches the replicas that a failover left behind, on the leader: one that answers again is pointed at the new primary, if
 * its data allows and nobody has done something else with it on purpose; one that a move left stopped goes on where it is.
 * There is no hurry, so nobody knocks at its door; an attempt that came to nothing is made again, less and less often, whoever
 * leads by then.
 */
import {
  attemptsAt,
  lostReplicasOf,
  type LostReplica,
  whyLeftAlone,
} from '../../../core/recovery/ways-back/lost-replicas.js';
import { type LeftByMove, leftByMoves, startsInVain } from '../../../core/recovery/ways-back/left-by-moves.js';
import { openLostReplica } from '../../../core/recovery/openings/lost-replica.js';
import { openLeftByMove } from '../../../core/recovery/openings/move-resumed.js';
import type { Opening } from '../../../core/recovery/openings/opening.js';
import type { ServerId } from '../../../core/topology/server.js';
import type { RecoveryOpener } from '../recovery-opener.js';
import type { RecoveryParts } from '../recovery-parts.js';

const LOOK_EVERY_MS = 1000;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 600_000;

export class LostReplicas {
  readonly #parts: RecoveryParts;
  readonly #opener: RecoveryOpener;
  /** Being pointed. */
  readonly #busy = new Set<ServerId>();
  #timer: { cancel(): void } | null = null;

  constructor(parts: RecoveryParts, opener: RecoveryOpener) {
    this.#parts = parts;
    this.#opener = opener;
  }

  /** To be called when the state has changed, on the leader only. */
  look(): void {
    if (this.#timer === null) this.#lookAtAll();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** As long as there are any; whether they answer is no matter of the state. */
  #lookAtAll(): void {
    this.#timer = null;
    if (this.#parts.ledger.readyTerm === null) return;
    const belief = this.#opener.belief();
    const away = lostReplicasOf(belief).filter(({ state }) => state === 'away');
    const left = leftByMoves(belief);
    if (away.length === 0 && left.length === 0) return;
    for (const lost of away) this.#consider(lost);
    for (const one of left) this.#considerLeft(one);
    this.#timer = this.#parts.clock.setTimer(LOOK_EVERY_MS, () => {
      this.#lookAtAll();
    });
  }

  #consider(lost: LostReplica): void {
    const { server: id } = lost;
    const { policy, soft } = this.#parts;
    if (this.#busy.has(id) || !soft.answers(id)) return;
    const belief = this.#opener.belief();
    if (belief.nowMs < notBeforeMs(attemptsAt(belief, lost))) return;
    if (whyLeftAlone(belief, lost) !== null) return;
    this.#begin(id, openLostReplica(belief, policy, lost, this.#opener.context('orchestrator')));
  }

  #considerLeft(left: LeftByMove): void {
    const { server: id } = left;
    if (this.#busy.has(id) || !this.#parts.soft.answers(id)) return;
    const belief = this.#opener.belief();
    if (belief.nowMs < notBeforeMs(startsInVain(belief, left))) return;
    this.#begin(id, openLeftByMove(belief, left, this.#opener.context('orchestrator')));
  }

  #begin(id: ServerId, opening: Opening): void {
    if (!opening.ok) return;
    this.#busy.add(id);
    void this.#opener.beginIfIdle(opening).finally(() => this.#busy.delete(id));
  }
}

function notBeforeMs({ count, lastAtMs }: ReturnType<typeof attemptsAt>): number {
  return count === 0 ? 0 : lastAtMs + Math.min(FIRST_PAUSE_MS * 2 ** (count - 1), LONGEST_PAUSE_MS);
}
