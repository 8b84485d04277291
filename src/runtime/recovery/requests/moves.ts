/**
 * Rearrangements as operators ask for them: shown before they run, refused with every reason, carried out by the leader.
 * Scripts ask for many at once; a cluster has one plan at a time, so each request waits for its turn and is judged then,
 * on the tree that the one before it left, as a look shows it that began after the last step.
 */
import { refusal } from '../../../core/recovery/belief.js';
import { openMove } from '../../../core/recovery/openings/move.js';
import type { RecoveryPlan } from '../../../core/recovery/preview/plan.js';
import type { Recovery, RecoveryId } from '../../../core/recovery/recovery.js';
import type { ClusterId, ServerId } from '../../../core/topology/server.js';
import { FateUnknown } from '../../ports/consensus-errors.js';
import type { Answer, MoveRequest } from '../../ports/service.js';
import { type AskedOnce, type Mark, markOf } from './asked-once.js';
import { assertLeads, type Judgement, judgementOf, planShown, refused } from './judgement.js';
import type { RecoveryOpener } from '../recovery-opener.js';
import type { RecoveryParts } from '../recovery-parts.js';
import type { Runs } from '../run/runs.js';
import { Turns } from './turns.js';

/** More than that wait for somebody to stop a script. */
const WAITING_MAX = 200;

export class Moves {
  readonly #parts: RecoveryParts;
  readonly #opener: RecoveryOpener;
  readonly #runs: Pick<Runs, 'cancel'>;
  readonly #once: AskedOnce;
  /** Of each cluster. */
  readonly #turns = new Turns<ClusterId>(WAITING_MAX);

  constructor(parts: RecoveryParts, opener: RecoveryOpener, runs: Pick<Runs, 'cancel'>, once: AskedOnce) {
    this.#parts = parts;
    this.#opener = opener;
    this.#runs = runs;
    this.#once = once;
  }

  /** On any node; nothing is begun. */
  plan(request: MoveRequest): RecoveryPlan {
    return planShown(this.#parts, this.#judge(request), request);
  }

  /** Rejects with NotLeader on a follower. Resolves when the plan has ended, well or not. */
  async ask(request: MoveRequest): Promise<Answer<Recovery>> {
    assertLeads(this.#parts);
    return await this.#once.ask(markOfMove(request), {
      anew: () => this.#inTurn(request),
      again: async (before) => endOf(request, before.id, await this.#opener.ended(before)),
    });
  }

  async #inTurn(request: MoveRequest): Promise<Answer<Recovery>> {
    const clusterId = this.#clusterOf(request);
    if (this.#turns.isCrowded) {
      return refused([refusal('crowded', `${String(WAITING_MAX)} moves wait for their turn already`)]);
    }
    return await this.#turns.take([clusterId], () => this.#begin(request));
  }

  /** What has begun is finished or put back, nothing else is begun. Resolves when that is under way. */
  cancel(id: RecoveryId, by: string): Answer<Recovery> {
    assertLeads(this.#parts);
    const recovery = this.#parts.ledger.state.recoveries.get(id);
    if (recovery === undefined) return refused([refusal('unknown-plan', `there is no plan ${id}`, 'name its UID')]);
    if (recovery.kind !== 'move') {
      const text = `${id} is a ${recovery.kind} and no plan of moves: it is not left half done`;
      return refused([refusal('not-a-move', text, 'wait until it has ended')]);
    }
    if (recovery.closedAtMs !== null)
      return refused([refusal('is-over', `plan ${id} has ended`, 'nothing is left to do')]);
    if (this.#runs.cancel(recovery, by)) return { ok: true, value: recovery };
    return refused([refusal('open-recovery', `plan ${id} is just being taken up by this node: ask again`)]);
  }

  async #begin(request: MoveRequest): Promise<Answer<Recovery>> {
    await this.#parts.seeAnew(this.#serversAround(request));
    assertLeads(this.#parts);
    const before = this.#once.begunBefore(request.requestKey);
    if (before !== null) return endOf(request, before.id, await this.#opener.ended(before));
    const { opening, refusals } = this.#judge(request);
    if (!opening.ok || refusals.length > 0) return refused(refusals);
    const { clusterId, id } = opening.recovery;
    if (!this.#opener.isFree(clusterId, 'move')) return refused([this.#opener.barredBy(clusterId)]);
    const noes: string[] = [];
    const closed = await this.#opener.begin(opening, (why) => noes.push(why));
    if (closed === null && noes.length > 0) return this.#refusedByLog(request, noes.join('; '));
    return endOf(request, id, closed);
  }

  /** What was done to any of these just now, by whatever plan, may decide where this one goes. */
  #serversAround(request: MoveRequest): readonly ServerId[] {
    const clusters = new Set([request.clusterId, this.#clusterOf(request)]);
    const { servers } = this.#parts.ledger.state;
    return [...servers.values()].filter(({ clusterId }) => clusters.has(clusterId)).map(({ id }) => id);
  }

  /** Over a channel from another cluster it is a plan of that one. */
  #clusterOf(request: MoveRequest): ClusterId {
    const { opening } = this.#judge(request);
    return opening.ok ? opening.recovery.clusterId : request.clusterId;
  }

  /** Somebody was there first, between the judgement and the log: who, says the state that the log has made. */
  #refusedByLog(request: MoveRequest, why: string): Answer<Recovery> {
    const { refusals } = this.#judge(request);
    const mend = 'nothing was begun: look what holds it, and ask again';
    return refused(refusals.length > 0 ? refusals : [refusal('not-opened', why, mend)]);
  }

  #judge(request: MoveRequest): Judgement {
    const { policy, soft } = this.#parts;
    const { server } = request;
    const belief = this.#opener.belief();
    const opening = openMove(
      belief,
      policy,
      request,
      soft,
      this.#opener.context(request.requestedBy, markOfMove(request)),
    );
    const { clusterId } = opening.ok ? opening.recovery : request;
    return judgementOf(this.#parts, belief, opening, { clusterId, kind: 'move', server });
  }
}

function markOfMove({ requestKey, command, server, destination, pattern, channel }: MoveRequest): Mark {
  return markOf(requestKey, command, server, destination, pattern?.source ?? null, channel ?? null);
}

/** Null: this node did not come to its end. */
function endOf({ command }: MoveRequest, id: RecoveryId, closed: Recovery | null): Answer<Recovery> {
  if (closed !== null) return { ok: true, value: closed };
  const text =
    `${command} (plan ${id}) was not finished by this node, which leads no more or was not let begin; the leader ` +
    `goes on with it or undoes it. What became of it: orchestrator-client -c api -P audit-recovery/uid/${id} ` +
    '(nothing there: it was never begun)';
  throw new FateUnknown(text);
}
