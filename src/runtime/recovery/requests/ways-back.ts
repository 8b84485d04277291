/**
 * The three ways back for a server that was set apart, as operators ask for them: shown before they run, refused with every
 * reason, and begun. A copy takes as long as it takes, so whoever asks is answered when it is under way, or sooner where it
 * has ended by then; the record says what becomes of it.
 */
import { refusal, type Refusal, serverName } from '../../../core/recovery/belief.js';
import { withOwnSeenAt } from '../../../core/recovery/progress/gtids.js';
import { openWayBack } from '../../../core/recovery/openings/way-back.js';
import { preview } from '../../../core/recovery/preview/preview.js';
import type { Recovery } from '../../../core/recovery/recovery.js';
import { WAYS_BACK } from '../../../core/recovery/ways-back/returns.js';
import type { StepFindings } from '../../../core/recovery/step.js';
import { describeStep } from '../../../core/recovery/step-text.js';
import type { ServerId } from '../../../core/topology/server.js';
import type { Answer, WayBackPlan, WayBackRequest } from '../../ports/service.js';
import { type AskedOnce, type Mark, markOf } from './asked-once.js';
import { assertLeads, type Judgement, judgementOf, refused } from './judgement.js';
import type { RecoveryOpener } from '../recovery-opener.js';
import type { RecoveryParts } from '../recovery-parts.js';

/** Longer than an injection or a reset takes, and shorter than a client waits. */
const ANSWER_AFTER_MS = 8_000;

export class WaysBack {
  readonly #parts: RecoveryParts;
  readonly #opener: RecoveryOpener;
  readonly #once: AskedOnce;

  constructor(parts: RecoveryParts, opener: RecoveryOpener, once: AskedOnce) {
    this.#parts = parts;
    this.#opener = opener;
    this.#once = once;
  }

  /** All three, with what each would do or why not; on any node. */
  plans(server: ServerId, donor: ServerId | null): readonly WayBackPlan[] {
    return WAYS_BACK.map((way) => {
      const { opening, refusals } = this.#judge({ way, server, donor, requestedBy: '' });
      if (!opening.ok) return { way, refusals, steps: [], ending: '' };
      const played = preview(opening.recovery, (id) => this.#assumed(id, opening.recovery));
      const name = (id: ServerId): string => serverName(this.#opener.belief(), id);
      const { verdict } = played.ending;
      return {
        way,
        refusals: [...refusals, ...(verdict.kind === 'succeeded' ? [] : [wouldFail(verdict.reason)])],
        steps: played.steps.map((step) => describeStep(step, name)),
        ending: opening.recovery.description,
      };
    });
  }

  /** Rejects with NotLeader on a follower. The record as it stands by then: closed, or still open. */
  async begin(request: WayBackRequest): Promise<Answer<Recovery>> {
    assertLeads(this.#parts);
    return await this.#once.ask(markOfWayBack(request), {
      anew: async () => {
        const { opening, refusals } = this.#judge(request);
        if (!opening.ok || refusals.length > 0) return refused(refusals);
        return await this.#recordOf(opening.recovery, this.#opener.beginIfIdle(opening));
      },
      again: (before) => this.#recordOf(before, this.#opener.ended(before)),
    });
  }

  async #recordOf({ id, clusterId }: Recovery, ended: Promise<Recovery | null>): Promise<Answer<Recovery>> {
    const { ledger, clock } = this.#parts;
    let timer: { cancel(): void } | null = null;
    const late = new Promise<null>((resolve) => {
      timer = clock.setTimer(ANSWER_AFTER_MS, () => {
        resolve(null);
      });
    });
    await Promise.race([ended, late]);
    (timer as { cancel(): void } | null)?.cancel();
    const record = ledger.state.recoveries.get(id);
    if (record !== undefined) return { ok: true, value: record };
    return refused([this.#opener.barredBy(clusterId)]);
  }

  #judge(request: WayBackRequest): Judgement {
    const { policy, soft } = this.#parts;
    const { way: kind, server } = request;
    const belief = this.#opener.belief();
    const context = this.#opener.context(request.requestedBy, markOfWayBack(request));
    const opening = openWayBack(belief, policy, request, soft, context);
    const clusterId = belief.servers.get(server)?.clusterId;
    if (clusterId === undefined) return { belief, opening, refusals: opening.ok ? [] : opening.refusals };
    return judgementOf(this.#parts, belief, opening, { clusterId, kind, server });
  }

  #assumed(server: ServerId, { inputs }: Recovery): StepFindings | null {
    const { sights } = this.#parts;
    const { vitals, answers } = sights(server);
    if (!answers || vitals === null) return null;
    const received = vitals.channels.map(({ retrievedGtids }) => retrievedGtids).filter((set) => set !== '');
    return {
      // Under load a replica that was looked at later has more than its source was seen with.
      executedGtids: withOwnSeenAt(
        server,
        vitals.executedGtids,
        inputs.participants.map(({ id }) => sights(id).vitals?.executedGtids ?? ''),
      ),
      receivedGtids: received.join(','),
      purgedGtids: vitals.purgedGtids,
    };
  }
}

function markOfWayBack({ requestKey, way, server, donor }: WayBackRequest): Mark {
  return markOf(requestKey, way, server, donor);
}

function wouldFail(reason: string): Refusal {
  return refusal('plan', `it would come to nothing: ${reason}`, 'take another way');
}
