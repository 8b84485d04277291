/**
 * What operators ask for: done by the leader, or refused with every reason before anything is touched. An operator passes
 * the guards that hold automation back, and none of those that protect the data.
 */
import { type Refusal, refusal } from '../../core/recovery/belief.js';
import { guardRefusals } from '../../core/recovery/guards.js';
import { openTakeover } from '../../core/recovery/openings/graceful-takeover.js';
import type { Recovery } from '../../core/recovery/recovery.js';
import { OperationalError } from '../errors.js';
import { NotLeader } from '../ports/consensus-errors.js';
import type { Answer, TakeoverRequest } from '../ports/service.js';
import type { RecoveryOpener } from './recovery-opener.js';
import type { RecoveryParts } from './recovery-parts.js';

export class OperatorRequests {
  readonly #parts: RecoveryParts;
  readonly #opener: RecoveryOpener;

  constructor(parts: RecoveryParts, opener: RecoveryOpener) {
    this.#parts = parts;
    this.#opener = opener;
  }

  /** Rejects with NotLeader on a follower. Resolves when the takeover has ended, well or not. */
  async takeover(request: TakeoverRequest): Promise<Answer<Recovery>> {
    const { ledger, policy, soft } = this.#parts;
    if (ledger.readyTerm === null) throw new NotLeader(this.#parts.leadership().leader);
    const { clusterId } = request;
    const belief = this.#opener.belief();
    const server = belief.clusters.get(clusterId)?.primary;
    const hasQuorum = this.#parts.hasQuorum();
    const guards =
      server === undefined
        ? []
        : guardRefusals({ belief, policy, clusterId, kind: 'graceful-takeover', server, forced: true, hasQuorum });
    if (guards.length > 0) return refused(guards);
    if (!this.#opener.isFree(clusterId, 'graceful-takeover')) {
      return refused([refusal('open-recovery', 'another recovery is being opened in this cluster')]);
    }
    const opening = openTakeover(belief, policy, request, soft, this.#opener.context(request.requestedBy));
    if (!opening.ok) return refused(opening.refusals);
    const closed = await this.#opener.begin(opening);
    const { id } = opening.recovery;
    if (closed === null) {
      const message = `takeover ${id} is not finished by this node; the leader goes on with it or undoes it`;
      throw new OperationalError('FATE_UNKNOWN', message);
    }
    if (closed.verdict?.kind === 'succeeded') return { ok: true, value: closed };
    const message = `GracefulMasterTakeover: ${closed.verdict?.reason ?? 'not closed'}`;
    return { ok: false, refusal: { code: `takeover-${closed.verdict?.kind ?? 'open'}`, message } };
  }
}

function refused(refusals: readonly Refusal[]): Answer<Recovery> {
  const [first] = refusals;
  const message = refusals.map(({ message, mend }) => (mend === '' ? message : `${message} (${mend})`)).join('; ');
  return { ok: false, refusal: { code: first?.code ?? 'refused', message } };
}
