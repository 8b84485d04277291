/**
 * How a recovery begins at run time, whoever wants it: what is believed at this moment, whether the cluster is free, the
 * opening in the log together with the first intents, and the line that tells how it ended. One place for automation and
 * for operators, because the two meet in the same cluster and only one recovery of a cluster may be open.
 */
import { type Belief, openRecoveryOf, refusal, type Refusal, serverName } from '../../core/recovery/belief.js';
import { durabilityVerdict } from '../../core/recovery/durability/durability.js';
import { roleWords } from '../../core/recovery/heir.js';
import { beingOpened, underWay } from '../../core/recovery/guards/under-way.js';
import { hookTermsOf } from '../../core/recovery/telling/hooks.js';
import { givesWay } from '../../core/recovery/kinds.js';
import type { Opening, OpeningContext } from '../../core/recovery/openings/opening.js';
import type { Recovery, RecoveryId, RecoveryKind } from '../../core/recovery/recovery.js';
import { withoutName } from '../../core/recovery/telling/naming.js';
import type { ClusterId, ServerId } from '../../core/topology/server.js';
import type { Aftermaths } from './aftermaths.js';
import type { Detections } from './watches/detections.js';
import type { RecoveryParts } from './recovery-parts.js';
import type { OnRefused, Runs } from './run/runs.js';

export class RecoveryOpener {
  readonly #parts: RecoveryParts;
  readonly #runs: Runs;
  readonly #aftermaths: Aftermaths;
  readonly #detections: Pick<Detections, 'hasTold'>;
  /** Clusters in which a recovery is being opened. */
  readonly #opening = new Map<ClusterId, Recovery>();

  constructor(parts: RecoveryParts, runs: Runs, aftermaths: Aftermaths, detections: Pick<Detections, 'hasTold'>) {
    this.#parts = parts;
    this.#runs = runs;
    this.#aftermaths = aftermaths;
    this.#detections = detections;
  }

  belief(): Belief {
    return believedNow(this.#parts);
  }

  /** `asked`: how a person did; absent for what the loops do. */
  context(requestedBy: string, asked?: OpeningContext['asked']): OpeningContext {
    const id = `${String(this.#parts.clock.wallMs())}:${this.#parts.randomHex()}` as RecoveryId;
    return { id, openedBy: this.#parts.self, requestedBy, ...(asked === undefined ? {} : { asked }) };
  }

  /** Nothing goes on in the cluster, committed or about to be, that must not be interrupted for a recovery of this kind. */
  isFree(clusterId: ClusterId, kind: RecoveryKind): boolean {
    const busy = this.#runs.busyWith(clusterId);
    return !this.#opening.has(clusterId) && (busy === null || givesWay(busy, kind));
  }

  /** Who came first, where it is not free. */
  barredBy(clusterId: ClusterId): Refusal {
    const belief = this.belief();
    const open = openRecoveryOf(belief, clusterId);
    if (open !== null) return underWay(belief, open, 'in this cluster');
    const opening = this.#opening.get(clusterId);
    if (opening !== undefined) return beingOpened(belief, opening);
    const kind = this.#runs.busyWith(clusterId) ?? 'recovery';
    return refusal('open-recovery', `a ${kind} just begins or ends in this cluster: ask again in a moment`);
  }

  /** Opens it in the log, together with its first intents, and drives it to its end; what gives way gives way first. */
  async begin(opening: Extract<Opening, { ok: true }>, onRefused?: OnRefused): Promise<Recovery | null> {
    const { clusterId } = opening.recovery;
    this.#opening.set(clusterId, opening.recovery);
    try {
      await this.#runs.displace(opening.recovery);
    } finally {
      this.#opening.delete(clusterId);
    }
    return await this.#drive(opening.recovery, onRefused);
  }

  /** The end of a recovery that was opened before; null where this node does not drive it to its end. */
  async ended(recovery: Recovery): Promise<Recovery | null> {
    if (recovery.closedAtMs !== null) return recovery;
    return await this.#runs.ended(recovery);
  }

  /** Beside whatever goes on elsewhere in its cluster. */
  async beginSwitch(opening: Extract<Opening, { ok: true }>, onRefused: OnRefused): Promise<Recovery | null> {
    return await this.#drive(opening.recovery, onRefused);
  }

  /** For what gives way itself: not begun while anything goes on in the cluster. */
  async beginIfIdle(opening: Extract<Opening, { ok: true }>): Promise<Recovery | null> {
    const { clusterId } = opening.recovery;
    const busy = this.#opening.has(clusterId) || this.#runs.busyWith(clusterId) !== null;
    if (busy || openRecoveryOf(this.#parts.ledger.state, clusterId) !== null) return null;
    return await this.begin(opening);
  }

  /** Whoever waits is answered when the hooks have run too, as scripts around a takeover expect; the cluster is free before. */
  async #drive(opening: Recovery, onRefused?: OnRefused): Promise<Recovery | null> {
    const recovery = this.withHooks(opening);
    const closed = await this.#runs.begin(recovery, [{ kind: 'recovery-opened', recovery }], onRefused);
    if (closed === null) return null;
    this.#tell(closed);
    await this.#aftermaths.settled(closed.id);
    return this.#parts.ledger.state.recoveries.get(closed.id) ?? closed;
  }

  /** What its hooks will be told goes into the record, if there are any; for a plan that is shown, too. */
  withHooks(recovery: Recovery): Recovery {
    const { hooks, publishing } = this.#parts;
    const { primary, intermediate } = hooks.automatic(recovery.clusterId);
    const setting = {
      configured: hooks.runner.configured,
      isDetected: recovery.inputs.command === undefined || this.#detections.hasTold(recovery.failed),
      automaticPrimary: primary,
      automaticIntermediate: intermediate,
    };
    const terms = hookTermsOf(this.belief(), recovery, setting);
    const told = {
      ...(terms === null ? {} : { hooks: terms }),
      ...(publishing.reachesOut ? { publishes: true } : {}),
    };
    return { ...recovery, inputs: { ...recovery.inputs, ...told } };
  }

  #tell(recovery: Recovery): void {
    const { id, kind, verdict, failed, successor, lost } = recovery;
    const name = (server: ServerId): string => serverName(this.#parts.ledger.state, server);
    const became = successor === null ? '' : `; ${roleWords(kind, name(successor))}`;
    const behind = lost
      .map(({ server, reason }) => `; ${name(server)} is set apart: ${withoutName(name(server), reason)}`)
      .join('');
    const how =
      verdict === null ? 'open' : verdict.kind === 'succeeded' ? 'succeeded' : `${verdict.kind}: ${verdict.reason}`;
    const level = verdict?.kind === 'succeeded' ? 'info' : 'warn';
    this.#parts.log[level]({ recovery: id }, `${kind} of ${name(failed)} ${how}${became}${behind}${worthOf(recovery)}`);
  }
}

/** The state's own time stands still while nothing is committed; blocks and downtimes must end nevertheless. */
export function believedNow({ ledger, clock }: Pick<RecoveryParts, 'ledger' | 'clock'>): Belief {
  return { ...ledger.state, nowMs: Math.max(ledger.state.nowMs, clock.wallMs()) };
}

/** '' where nothing was promoted, or the question does not apply. */
function worthOf(recovery: Recovery): string {
  const durability = recovery.promotion === null ? null : durabilityVerdict(recovery);
  if (durability === null) return '';
  return durability.kind === 'guaranteed'
    ? '; no acknowledged transaction is lost'
    : `; that no acknowledged transaction is lost is not guaranteed: ${durability.because.join('; ')}`;
}
