/**
 * Acting, on the leader: problems that call for it become recoveries, open recoveries are driven to their end, former
 * primaries are met when they come back, and what an operator asks for is done or refused with its reasons. A node that
 * follows does none of it and still says what would keep a leader from acting.
 */
import type { Problem } from '../../core/analysis/problem.js';
import { type Belief, openRecoveryOf, type Refusal, refusal, serverName } from '../../core/recovery/belief.js';
import { guardRefusals, reactionRefusals } from '../../core/recovery/guards.js';
import { brakeReason } from '../../core/recovery/brake.js';
import { decide } from '../../core/recovery/decision.js';
import { durabilityVerdict } from '../../core/recovery/durability.js';
import { type Explanation, explain } from '../../core/recovery/explain.js';
import { likelySuccessor } from '../../core/recovery/openings/dead-primary.js';
import { openFormerPrimary } from '../../core/recovery/openings/former-primary.js';
import { openTakeover } from '../../core/recovery/openings/graceful-takeover.js';
import type { Opening, OpeningContext } from '../../core/recovery/openings/opening.js';
import type { Recovery, RecoveryId } from '../../core/recovery/recovery.js';
import type { ClusterId, Server, ServerId } from '../../core/topology/server.js';
import { OperationalError } from '../errors.js';
import { NotLeader } from '../ports/consensus-errors.js';
import type { Answer, TakeoverRequest } from '../ports/service.js';
import { restartCanary } from './canary.js';
import { FormerPrimaries } from './former-primaries.js';
import type { RecoveryParts } from './recovery-parts.js';
import { Restraints } from './restraints.js';
import { Runs } from './runs.js';

export class RecoveryDriver {
  readonly #parts: RecoveryParts;
  readonly #runs: Runs;
  readonly #formers: FormerPrimaries;
  readonly #restraints: Restraints;
  /** Clusters in which a recovery is being opened. */
  readonly #opening = new Set<ClusterId>();
  /** The brake is being committed. */
  #braking = false;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    this.#runs = new Runs(parts);
    this.#formers = new FormerPrimaries(parts, (server) => this.#recoverFormer(server));
    this.#restraints = new Restraints(parts.log, () => {
      parts.onRestraint();
    });
  }

  /** Why nothing is done about a problem now, by its server. */
  get restraints(): ReadonlyMap<ServerId, readonly string[]> {
    return this.#restraints.all;
  }

  /** This node leads and has applied all that was committed before: what stands open is taken up now. */
  lead(): void {
    this.noticeApplied();
  }

  /** In this very turn nothing is sent to any server any more. */
  follow(): void {
    this.#formers.stop();
    this.#runs.stopAll('this node does not lead any more');
  }

  /** Entries were applied, or a snapshot restored. */
  noticeApplied(): void {
    if (this.#parts.ledger.readyTerm === null) return;
    this.#runs.resume();
    this.#formers.look();
  }

  /** All that is known to be wrong now. Asked again about the same problem: refusals may have passed by themselves. */
  noticeProblems(problems: readonly Problem[]): void {
    for (const problem of problems) {
      if (problem.reaction === 'recover-dead-primary') this.#considerRecovery(problem);
      else if (problem.severity === 'critical') this.#restrain(problem, this.#noReaction(problem));
    }
    this.#restraints.keepOnly(new Set(problems.map(({ server }) => server)));
  }

  /** Rejects with NotLeader on a follower. Resolves when the takeover has ended, well or not. */
  async takeover(request: TakeoverRequest): Promise<Answer<Recovery>> {
    const { ledger, policy, soft } = this.#parts;
    if (ledger.readyTerm === null) throw new NotLeader(this.#parts.leadership().leader);
    const belief = this.#belief();
    const primary = belief.clusters.get(request.clusterId)?.primary;
    const guards = primary === undefined ? [] : this.#guard(belief, request.clusterId, primary, true);
    if (guards.length > 0) return refused(guards);
    if (!this.#isFree(request.clusterId)) {
      return refused([refusal('open-recovery', 'another recovery is being opened in this cluster')]);
    }
    const opening = openTakeover(belief, policy, request, soft, this.#context(request.requestedBy));
    if (!opening.ok) return refused(opening.refusals);
    const closed = await this.#begin(opening);
    const { id } = opening.recovery;
    if (closed === null) {
      const message = `takeover ${id} is not finished by this node; the leader goes on with it or undoes it`;
      throw new OperationalError('FATE_UNKNOWN', message);
    }
    if (closed.verdict?.kind === 'succeeded') return { ok: true, value: closed };
    const message = `GracefulMasterTakeover: ${closed.verdict?.reason ?? 'not closed'}`;
    return { ok: false, refusal: { code: `takeover-${closed.verdict?.kind ?? 'open'}`, message } };
  }

  /** For the diagnosis: under the rules for every change of a server. */
  async restartCanary(canary: Server): Promise<void> {
    await restartCanary(this.#parts, canary);
  }

  /** Whom a failover would most likely promote, were this server to die now. */
  bestCandidateOf(source: ServerId): ServerId | null {
    const belief = this.#belief();
    const server = belief.servers.get(source);
    return server === undefined ? null : likelySuccessor(belief, this.#parts.policy, server);
  }

  /** What a failover of this cluster would do now, and why not; on any node. Null when there is no such cluster. */
  explain(clusterId: ClusterId): Explanation | null {
    const { policy, sights } = this.#parts;
    const hasQuorum = this.#parts.hasQuorum();
    const orchestrators = this.#parts.orchestrators();
    return explain({ belief: this.#belief(), policy, clusterId, sights, hasQuorum, orchestrators });
  }

  #considerRecovery(problem: Problem): void {
    const belief = this.#belief();
    const { server, clusterId } = problem;
    if (!this.#isFree(clusterId) || openRecoveryOf(belief, clusterId)?.failed === server) {
      this.#restraints.clear(server);
      return;
    }
    const { policy, sights } = this.#parts;
    const question = { belief, policy, problem, sights, hasQuorum: this.#parts.hasQuorum() };
    const { refusals, opening } = decide(question, this.#context('orchestrator'));
    this.#restrain(problem, refusals);
    if (refusals.some(({ code }) => code === 'brake')) this.#brake(belief, clusterId);
    if (refusals.length > 0 || !opening.ok || this.#parts.ledger.readyTerm === null) return;
    this.#parts.log.warn({ server, recovery: opening.recovery.id }, `${problem.code}: ${problem.because.join('; ')}`);
    this.#begin(opening).catch((error: unknown) => {
      this.#parts.log.warn({ server, err: error }, `recovery ${opening.recovery.id} could not be opened`);
    });
  }

  /** Committed when it is found, so that the next leader knows of it, and what it forbids is forbidden until released. */
  #brake(belief: Belief, clusterId: ClusterId): void {
    const { ledger, policy, log } = this.#parts;
    const reason = belief.brake === null ? brakeReason(belief, policy.brake, clusterId) : null;
    if (reason === null || ledger.readyTerm === null || this.#braking) return;
    this.#braking = true;
    log.error({ clusterId }, `automatic recovery stops itself: ${reason}`);
    void ledger
      .propose({ kind: 'brake-applied', reason })
      .catch((err: unknown) => {
        log.warn({ err }, 'that automatic recovery stopped itself was not committed; it is tried again');
      })
      .finally(() => {
        this.#braking = false;
      });
  }

  async #recoverFormer(server: ServerId): Promise<boolean> {
    const belief = this.#belief();
    const opening = openFormerPrimary(belief, server, this.#context('orchestrator'));
    if (!opening.ok) return false;
    const { clusterId } = opening.recovery;
    const busy = this.#opening.has(clusterId) || this.#runs.busyWith(clusterId) !== null;
    if (busy || openRecoveryOf(belief, clusterId) !== null) return false;
    const closed = await this.#runs.begin(opening.recovery, [{ kind: 'recovery-opened', recovery: opening.recovery }]);
    if (closed !== null) this.#tell(closed);
    return closed?.verdict?.kind === 'succeeded';
  }

  /** Nothing that must not be interrupted goes on in the cluster, committed or about to be. */
  #isFree(clusterId: ClusterId): boolean {
    const busy = this.#runs.busyWith(clusterId);
    return !this.#opening.has(clusterId) && (busy === null || busy === 'former-primary');
  }

  /** Opens it in the log, together with its first intents, and drives it to its end. */
  async #begin(opening: Extract<Opening, { ok: true }>): Promise<Recovery | null> {
    const { recovery } = opening;
    const { clusterId } = recovery;
    this.#opening.add(clusterId);
    try {
      await this.#runs.displace(clusterId, `it gives way to recovery ${recovery.id}`);
    } finally {
      this.#opening.delete(clusterId);
    }
    const closed = await this.#runs.begin(recovery, [{ kind: 'recovery-opened', recovery }]);
    if (closed !== null) this.#tell(closed);
    return closed;
  }

  #guard(belief: Belief, clusterId: ClusterId, server: ServerId, forced: boolean): readonly Refusal[] {
    const { policy } = this.#parts;
    return guardRefusals({ belief, policy, clusterId, server, forced, hasQuorum: this.#parts.hasQuorum() });
  }

  /** To a follower every problem comes without a reaction: what the leader makes of it is not known here. */
  #noReaction(problem: Problem): readonly Refusal[] {
    const { ledger } = this.#parts;
    if (ledger.readyTerm !== null) return reactionRefusals(problem);
    if (openRecoveryOf(ledger.state, problem.clusterId)?.failed === problem.server) return [];
    const { leader } = this.#parts.leadership();
    return [
      leader === null
        ? refusal('no-leader', 'there is no leader, who alone could do something about it')
        : refusal('leader-decides', `what is done about it is for the leader to decide (${leader})`),
    ];
  }

  #restrain(problem: Problem, refusals: readonly Refusal[]): void {
    const { ledger } = this.#parts;
    const what = ledger.readyTerm === null ? null : `${serverName(ledger.state, problem.server)}: ${problem.code}`;
    this.#restraints.set(problem.server, what, refusals);
  }

  /** The state's own time stands still while nothing is committed; blocks and downtimes must end nevertheless. */
  #belief(): Belief {
    const { ledger, clock } = this.#parts;
    return { ...ledger.state, nowMs: Math.max(ledger.state.nowMs, clock.wallMs()) };
  }

  #context(requestedBy: string): OpeningContext {
    const id = `${String(this.#parts.clock.wallMs())}:${this.#parts.randomHex()}` as RecoveryId;
    return { id, openedBy: this.#parts.self, requestedBy };
  }

  #tell(recovery: Recovery): void {
    const { id, kind, verdict, failed, successor, lost } = recovery;
    const name = (server: ServerId): string => serverName(this.#parts.ledger.state, server);
    const became = successor === null ? '' : `; ${name(successor)} is the primary`;
    const behind = lost.map(({ server, reason }) => `; ${name(server)} is set apart: ${reason}`).join('');
    const how =
      verdict === null ? 'open' : verdict.kind === 'succeeded' ? 'succeeded' : `${verdict.kind}: ${verdict.reason}`;
    const level = verdict?.kind === 'succeeded' ? 'info' : 'warn';
    this.#parts.log[level]({ recovery: id }, `${kind} of ${name(failed)} ${how}${became}${behind}${worthOf(recovery)}`);
  }
}

/** '' where nothing was promoted, or the question does not apply. */
function worthOf(recovery: Recovery): string {
  const durability = recovery.promotion === null ? null : durabilityVerdict(recovery);
  if (durability === null) return '';
  return durability.kind === 'guaranteed'
    ? '; no acknowledged transaction is lost'
    : `; that no acknowledged transaction is lost is not guaranteed: ${durability.because.join('; ')}`;
}

function refused(refusals: readonly Refusal[]): Answer<Recovery> {
  const [first] = refusals;
  const message = refusals.map(({ message, mend }) => (mend === '' ? message : `${message} (${mend})`)).join('; ');
  return { ok: false, refusal: { code: first?.code ?? 'refused', message } };
}
