/**
 * What operators switch on single servers: shown before it is done, refused with every reason, carried out by the leader.
 * Requests about one server wait for each other and are judged when their turn comes; those about different servers go on
 * beside each other, whatever their clusters.
 */
import { type Belief, refusal, type Refusal } from '../../core/recovery/belief.js';
import { guardRefusals, plansOnItsServers } from '../../core/recovery/guards.js';
import type { Opening } from '../../core/recovery/openings/opening.js';
import { openSwitch } from '../../core/recovery/openings/switch.js';
import { planOf, type RecoveryPlan } from '../../core/recovery/plan.js';
import type { Recovery } from '../../core/recovery/recovery.js';
import type { ServerId } from '../../core/topology/server.js';
import { OperationalError } from '../errors.js';
import { NotLeader } from '../ports/consensus-errors.js';
import type { Answer, SwitchRequest } from '../ports/service.js';
import type { RecoveryOpener } from './recovery-opener.js';
import type { RecoveryParts } from './recovery-parts.js';
import { Turns } from './turns.js';

/** More than that wait for somebody to stop a script. */
const WAITING_MAX = 500;

export class Switches {
  readonly #parts: RecoveryParts;
  readonly #opener: RecoveryOpener;
  /** Of each server. */
  readonly #turns = new Turns<ServerId>(WAITING_MAX);

  constructor(parts: RecoveryParts, opener: RecoveryOpener) {
    this.#parts = parts;
    this.#opener = opener;
  }

  /** On any node; nothing is begun. */
  plan(request: SwitchRequest): RecoveryPlan {
    const { sights } = this.#parts;
    const { command, clusterId } = request;
    const { belief, opening, refusals } = this.#judge(request);
    const decision = { opening, refusals };
    const asked = { belief, sights, command, clusterId, decision, isDead: false, candidate: null };
    return planOf({ ...asked, equipped: (recovery) => recovery });
  }

  /** Rejects with NotLeader on a follower. Resolves when the plan has ended, well or not. */
  async ask(request: SwitchRequest): Promise<Answer<Recovery>> {
    this.#assertLeads();
    const { server } = request;
    if (this.#turns.isCrowded) {
      return refused([refusal('crowded', `${String(WAITING_MAX)} changes of servers wait for their turn already`)]);
    }
    return await this.#turns.take(server, () => this.#begin(request));
  }

  async #begin(request: SwitchRequest): Promise<Answer<Recovery>> {
    this.#assertLeads();
    const { opening, refusals } = this.#judge(request);
    if (!opening.ok || refusals.length > 0) return refused(refusals);
    const { id } = opening.recovery;
    const first: string[] = [];
    const ended = await this.#opener.beginSwitch(opening, (why) => {
      first.push(why);
    });
    if (ended !== null) return { ok: true, value: ended };
    // Another plan came first while this one was on its way into the log.
    if (first.length > 0) return refused([refusal('open-recovery', `${first.join()}: ask again when that has ended`)]);
    const text =
      `${request.command} (plan ${id}) was not finished by this node, which leads no more; the leader goes on with it. ` +
      `What became of it: orchestrator-client -c api -P audit-recovery/uid/${id} (nothing there: it was never begun)`;
    throw new OperationalError('FATE_UNKNOWN', text);
  }

  #judge(request: SwitchRequest): {
    readonly belief: Belief;
    readonly opening: Opening;
    readonly refusals: readonly Refusal[];
  } {
    const { policy, soft, sights } = this.#parts;
    const { clusterId, server } = request;
    const belief = this.#opener.belief();
    const opening = openSwitch(belief, policy, request, { soft, sights }, this.#opener.context(request.requestedBy));
    const hasQuorum = this.#parts.hasQuorum();
    const guards = guardRefusals({ belief, policy, clusterId, kind: 'switch', server, forced: true, hasQuorum });
    const own = opening.ok ? plansOnItsServers(belief, opening.recovery) : opening.refusals;
    return { belief, opening, refusals: [...guards, ...own] };
  }

  #assertLeads(): void {
    if (this.#parts.ledger.readyTerm === null) throw new NotLeader(this.#parts.leadership().leader);
  }
}

function refused(refusals: readonly Refusal[]): Answer<Recovery> {
  const [first] = refusals;
  const message = refusals.map(({ message, mend }) => (mend === '' ? message : `${message} (${mend})`)).join('; ');
  return { ok: false, refusal: { code: first?.code ?? 'refused', message } };
}
