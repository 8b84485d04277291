/**
 * What operators ask for: done by the leader, or refused with every reason before anything is touched. The same request
 * that arrives twice is done once: its mark is in the recovery's record, so that the next leader knows it too. It is judged on
 * a look at the servers that began after the last step on each: what a move or a takeover did a moment ago decides who may be
 * promoted.
 */
import type { Problem } from '../../../core/analysis/problem.js';
import {
  decideRequest,
  type OperatorRequest,
  type RequestQuestion,
} from '../../../core/recovery/requests/operator-request.js';
import { plansOnItsServers } from '../../../core/recovery/guards/guards.js';
import type { OpeningContext } from '../../../core/recovery/openings/opening.js';
import type { RecoveryPlan } from '../../../core/recovery/preview/plan.js';
import { planFor } from '../../../core/recovery/preview/plan-request.js';
import type { OperatorCommand, Recovery, RecoveryId } from '../../../core/recovery/recovery.js';
import type { ServerId } from '../../../core/topology/server.js';
import { FateUnknown } from '../../ports/consensus-errors.js';
import type { Answer, PlanRequest, RecoveryRequest } from '../../ports/service.js';
import { type AskedOnce, type Mark, markOf } from './asked-once.js';
import { assertLeads, refused } from './judgement.js';
import type { RecoveryOpener } from '../recovery-opener.js';
import type { RecoveryParts } from '../recovery-parts.js';

export class OperatorRequests {
  readonly #parts: RecoveryParts;
  readonly #opener: RecoveryOpener;
  readonly #once: AskedOnce;
  #problems: readonly Problem[] = [];

  constructor(parts: RecoveryParts, opener: RecoveryOpener, once: AskedOnce) {
    this.#parts = parts;
    this.#opener = opener;
    this.#once = once;
  }

  noticeProblems(problems: readonly Problem[]): void {
    this.#problems = problems;
  }

  /** Rejects with NotLeader on a follower. Resolves when the recovery has ended, well or not. */
  async ask(request: RecoveryRequest): Promise<Answer<Recovery>> {
    assertLeads(this.#parts);
    return await this.#once.ask(markOfRequest(request), {
      anew: () => this.#ask(request),
      again: (before) => this.#endOf(request, before.id, this.#opener.ended(before)),
    });
  }

  async #ask(request: RecoveryRequest): Promise<Answer<Recovery>> {
    await this.#parts.seeAnew(this.#regardedBy(request));
    assertLeads(this.#parts);
    const before = this.#once.begunBefore(request.requestKey);
    if (before !== null) return await this.#endOf(request, before.id, this.#opener.ended(before));
    const { refusals, opening } = decideRequest({ ...this.#question(), request }, this.#context(request));
    if (refusals.length > 0 || !opening.ok) return refused(refusals);
    const busy = plansOnItsServers(this.#opener.belief(), opening.recovery);
    if (busy.length > 0) return refused(busy);
    const { clusterId, id, kind } = opening.recovery;
    if (!this.#opener.isFree(clusterId, kind)) return refused([this.#opener.barredBy(clusterId)]);
    const earlier = this.#unacknowledgedOf(opening.recovery.failed);
    const closed = await this.#opener.begin(opening);
    if (closed !== null) await this.#acknowledge(earlier, closed);
    return await this.#endOf(request, id, Promise.resolve(closed));
  }

  /**
   * Who forces the recovery of a server has seen what became of it before: as with the incumbent nobody has to acknowledge
   * that one by one. What failed beside it stays as it is, and so does all of it where this one came to nothing.
   */
  async #acknowledge(earlier: readonly RecoveryId[], { id, kind, verdict, inputs }: Recovery): Promise<void> {
    if (kind === 'graceful-takeover' || verdict?.kind !== 'succeeded') return;
    const { ledger, log } = this.#parts;
    const comment = `${inputs.command ?? kind} of ${inputs.requestedBy} came after it (recovery ${id})`;
    try {
      for (const recoveryId of earlier) {
        await ledger.propose({ kind: 'recovery-acknowledged', recoveryId, by: 'orchestrator', comment });
      }
    } catch (err) {
      log.warn({ err, recovery: id }, 'earlier recoveries of the same server are left for a person to acknowledge');
    }
  }

  #unacknowledgedOf(server: ServerId): readonly RecoveryId[] {
    return [...this.#parts.ledger.state.recoveries.values()]
      .filter(({ failed, kind, closedAtMs }) => failed === server && kind !== 'switch' && closedAtMs !== null)
      .filter(({ acknowledged }) => acknowledged === null)
      .map(({ id }) => id);
  }

  /** All but a server that is given up: nobody waits for the answer of a dead one. */
  #regardedBy({ command, clusterId, server }: RecoveryRequest): readonly ServerId[] {
    const { clusters, servers } = this.#parts.ledger.state;
    const isPlanned = command.startsWith('graceful-');
    const failed = isPlanned ? null : (server ?? clusters.get(clusterId)?.primary ?? null);
    return [...servers.values()].filter((one) => one.clusterId === clusterId && one.id !== failed).map(({ id }) => id);
  }

  /** On any node; nothing is begun. */
  plan(request: PlanRequest): RecoveryPlan {
    const automatic = request.command === 'automatic';
    const context = automatic ? this.#opener.context('orchestrator') : this.#context(request);
    return planFor(this.#question(), request, context, (recovery) => this.#opener.withHooks(recovery));
  }

  #question(): Omit<RequestQuestion, 'request'> {
    const { policy, sights, soft } = this.#parts;
    const hasQuorum = this.#parts.hasQuorum();
    return { belief: this.#opener.belief(), policy, sights, soft, problems: this.#problems, hasQuorum };
  }

  #context(request: RecoveryRequest): OpeningContext {
    const { command, requestedBy, skipHooks } = request;
    const asked = {
      command,
      ...(skipHooks === true || command === 'recover-lite' ? { skipHooks: true } : {}),
      ...markOfRequest(request),
    };
    return this.#opener.context(requestedBy, asked);
  }

  async #endOf(
    { command }: OperatorRequest,
    id: RecoveryId,
    ending: Promise<Recovery | null>,
  ): Promise<Answer<Recovery>> {
    const closed = await ending;
    if (closed === null) throw new FateUnknown(fateText(command, id));
    return { ok: true, value: closed };
  }
}

function markOfRequest({ requestKey, command, clusterId, server, candidate }: RecoveryRequest): Mark {
  return markOf(requestKey, command, clusterId, server, candidate);
}

/** The recovery is in the log, or never will be; whoever leads goes on with it. */
function fateText(command: OperatorCommand, id: RecoveryId): string {
  return (
    `${command} (recovery ${id}) was not finished by this node, which leads no more; the leader goes on with it or undoes ` +
    `it. What became of it: orchestrator-client -c api -P audit-recovery/uid/${id} (nothing there: it was never begun)`
  );
}
