/**
 * What operators switch on single servers: shown before it is done, refused with every reason, carried out by the leader.
 * Requests that touch one server, be it only to look at it under its barrier, wait for each other and are judged when their
 * turn comes; the others go on beside each other, whatever their clusters.
 */
import { refusal } from '../../../core/recovery/belief.js';
import { openSwitch } from '../../../core/recovery/openings/switch.js';
import type { RecoveryPlan } from '../../../core/recovery/preview/plan.js';
import type { Recovery, RecoveryId } from '../../../core/recovery/recovery.js';
import type { SwitchCommand } from '../../../core/recovery/requests/switching.js';
import type { ClusterId, ServerId } from '../../../core/topology/server.js';
import { FateUnknown } from '../../ports/consensus-errors.js';
import type { Answer, SwitchRequest } from '../../ports/service.js';
import { type AskedOnce, type Mark, markOf } from './asked-once.js';
import { assertLeads, type Judgement, judgementOf, planShown, refused } from './judgement.js';
import type { RecoveryOpener } from '../recovery-opener.js';
import type { RecoveryParts } from '../recovery-parts.js';
import { Turns } from './turns.js';

/** More than that wait for somebody to stop a script. */
const WAITING_MAX = 500;
/** Each time that a request finds, at its turn, that it touches others than it waited for; and each that another plan came first. */
const TURNS_MAX = 5;

/** Whether they are refused hangs on what other servers of the cluster are just now: of these a cluster has one at a time. */
const JUDGED_TOGETHER: ReadonlySet<SwitchCommand> = new Set([
  'set-writeable',
  'enable-semi-sync-master',
  'disable-semi-sync-replica',
]);

/** Nothing was begun; by what, where the log said it. */
interface Overtaken {
  readonly overtaken: string;
}

export class Switches {
  readonly #parts: RecoveryParts;
  readonly #opener: RecoveryOpener;
  readonly #once: AskedOnce;
  /** Of each server that is touched, and of clusters. */
  readonly #turns = new Turns<ServerId | ClusterId>(WAITING_MAX);

  constructor(parts: RecoveryParts, opener: RecoveryOpener, once: AskedOnce) {
    this.#parts = parts;
    this.#opener = opener;
    this.#once = once;
  }

  /** On any node; nothing is begun. */
  plan(request: SwitchRequest): RecoveryPlan {
    return planShown(this.#parts, this.#judge(request), request);
  }

  /** Rejects with NotLeader on a follower. Resolves when the plan has ended, well or not. */
  async ask(request: SwitchRequest): Promise<Answer<Recovery>> {
    assertLeads(this.#parts);
    return await this.#once.ask(markOfSwitch(request), {
      anew: () => this.#inTurn(request),
      again: async (before) => endOf(request, before.id, await this.#opener.ended(before)),
    });
  }

  async #inTurn(request: SwitchRequest): Promise<Answer<Recovery>> {
    if (this.#turns.isCrowded) {
      return refused([refusal('crowded', `${String(WAITING_MAX)} changes of servers wait for their turn already`)]);
    }
    let servers = this.#touchedBy(request);
    let by = '';
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const together = JUDGED_TOGETHER.has(request.command) ? [request.clusterId] : [];
      const answer = await this.#turns.take([...servers, ...together], () => this.#begin(request, servers));
      if (!('overtaken' in answer)) return answer;
      by = answer.overtaken;
      servers = new Set([...servers, ...this.#touchedBy(request)]);
    }
    const text = `other plans came first ${String(TURNS_MAX)} times${by}`;
    return refused([refusal('open-recovery', text, 'nothing was begun: look what goes on there, and ask again')]);
  }

  /** As far as it can be told now: what is refused touches none but its own. */
  #touchedBy(request: SwitchRequest): ReadonlySet<ServerId> {
    const { opening } = this.#judge(request);
    const others = opening.ok ? opening.recovery.inputs.participants.map(({ id }) => id) : [];
    return new Set([request.server, ...others]);
  }

  #regardedBy({ command, clusterId }: SwitchRequest, held: ReadonlySet<ServerId>): readonly ServerId[] {
    if (!JUDGED_TOGETHER.has(command)) return [...held];
    const all = [...this.#parts.ledger.state.servers.values()];
    return all.filter((server) => server.clusterId === clusterId || held.has(server.id)).map(({ id }) => id);
  }

  /** Its turn has come at these servers; one that touches others by now has to wait for them too. */
  async #begin(request: SwitchRequest, held: ReadonlySet<ServerId>): Promise<Answer<Recovery> | Overtaken> {
    await this.#parts.seeAnew(this.#regardedBy(request, held));
    assertLeads(this.#parts);
    const before = this.#once.begunBefore(request.requestKey);
    if (before !== null) return endOf(request, before.id, await this.#opener.ended(before));
    const { opening, refusals } = this.#judge(request);
    if (!opening.ok || refusals.length > 0) return refused(refusals);
    const { id, inputs } = opening.recovery;
    if (!inputs.participants.every((one) => held.has(one.id))) return { overtaken: '' };
    const first: string[] = [];
    const ended = await this.#opener.beginSwitch(opening, (why) => {
      first.push(why);
    });
    // A move or a recovery came first while this one was on its way into the log; the next judgement says which.
    if (ended === null && first.length > 0) return { overtaken: `: ${first.join()}` };
    return endOf(request, id, ended);
  }

  #judge(request: SwitchRequest): Judgement {
    const { policy, soft, sights } = this.#parts;
    const { clusterId, server } = request;
    const belief = this.#opener.belief();
    const context = this.#opener.context(request.requestedBy, markOfSwitch(request));
    const opening = openSwitch(belief, policy, request, { soft, sights }, context);
    return judgementOf(this.#parts, belief, opening, { clusterId, kind: 'switch', server });
  }
}

function markOfSwitch(request: SwitchRequest): Mark {
  const { requestKey, command, server, channel, seconds, binaryLog, connection, until } = request;
  return markOf(requestKey, command, server, channel, seconds, binaryLog, connection, until);
}

/** Null: this node did not come to its end. */
function endOf({ command }: SwitchRequest, id: RecoveryId, ended: Recovery | null): Answer<Recovery> {
  if (ended !== null) return { ok: true, value: ended };
  const text =
    `${command} (plan ${id}) was not finished by this node, which leads no more; the leader goes on with it. ` +
    `What became of it: orchestrator-client -c api -P audit-recovery/uid/${id} (nothing there: it was never begun)`;
  throw new FateUnknown(text);
}
