/**
 * Acting, on the leader: problems that call for it become recoveries, open recoveries are driven to their end, and former
 * primaries are met when they come back. A node that follows does none of it and still says what would keep a leader from
 * acting. What operators ask for is in operator-requests.ts.
 */
import { callsForRecovery, type Problem } from '../../core/analysis/problem.js';
import { type Belief, openRecoveryOf, type Refusal, refusal, serverName } from '../../core/recovery/belief.js';
import { foreseenText } from '../../core/recovery/preview/foreseen.js';
import { OBSERVE_ONLY, reactionRefusals } from '../../core/recovery/guards/guards.js';
import { brakeReason } from '../../core/recovery/guards/brake.js';
import { decide, kindFor, type ProblemToRecover } from '../../core/recovery/decision.js';
import { type Explanation, explain } from '../../core/recovery/explain/explain.js';
import type { Pair } from '../../core/recovery/telling/publication.js';
import { likelySuccessor } from '../../core/recovery/openings/dead-primary.js';
import { interruptedRecoveries } from '../../core/recovery/interrupted.js';
import { givesWay } from '../../core/recovery/kinds.js';
import { openAgain } from '../../core/recovery/openings/again.js';
import type { Address } from '../../core/topology/address.js';
import type { ClusterId, Server, ServerId } from '../../core/topology/server.js';
import { Aftermaths } from './aftermaths.js';
import { AskedOnce } from './requests/asked-once.js';
import { restartCanary } from './watches/canary.js';
import { Detections } from './watches/detections.js';
import { FormerPrimaries } from './watches/former-primaries.js';
import { assertLeads } from './requests/judgement.js';
import { LostReplicas } from './watches/lost-replicas.js';
import { Moves } from './requests/moves.js';
import { ForeseenTeller } from './observing.js';
import { OperatorRequests } from './requests/operator-requests.js';
import { believedNow, RecoveryOpener } from './recovery-opener.js';
import type { RecoveryParts } from './recovery-parts.js';
import { Restraints } from './restraints.js';
import { Runs } from './run/runs.js';
import { Switches } from './requests/switches.js';
import { WaysBack } from './requests/ways-back.js';

const HOOKS_FIRST = refusal('hooks-first', 'OnFailureDetectionProcesses are run first');

export class RecoveryDriver {
  readonly requests: OperatorRequests;
  readonly #parts: RecoveryParts;
  readonly #runs: Runs;
  readonly #aftermaths: Aftermaths;
  readonly #detections: Detections;
  readonly #opener: RecoveryOpener;
  readonly waysBack: WaysBack;
  readonly moves: Moves;
  readonly switches: Switches;
  readonly #formers: FormerPrimaries;
  readonly #lost: LostReplicas;
  readonly #restraints: Restraints;
  readonly #foreseen: ForeseenTeller;
  /** As they were last noticed. */
  #problems: readonly Problem[] = [];
  /** The brake is being committed. */
  #braking = false;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    this.#runs = new Runs(parts, () => {
      this.noticeApplied();
    });
    this.#aftermaths = new Aftermaths(parts);
    this.#detections = new Detections(
      parts,
      () => believedNow(parts),
      () => {
        this.noticeProblems(this.#problems);
      },
    );
    this.#opener = new RecoveryOpener(parts, this.#runs, this.#aftermaths, this.#detections);
    const once = new AskedOnce(parts.ledger);
    this.requests = new OperatorRequests(parts, this.#opener, once);
    this.waysBack = new WaysBack(parts, this.#opener, once);
    this.moves = new Moves(parts, this.#opener, this.#runs, once);
    this.switches = new Switches(parts, this.#opener, once);
    this.#lost = new LostReplicas(parts, this.#opener);
    this.#formers = new FormerPrimaries(parts, this.#opener, this.#runs);
    this.#foreseen = new ForeseenTeller(parts);
    this.#restraints = new Restraints(parts.log, () => {
      parts.onRestraint();
    });
  }

  /** Why nothing is done about a problem now, by its server. */
  get restraints(): ReadonlyMap<ServerId, readonly string[]> {
    return this.#restraints.all;
  }

  /** As far as they are about these problems under their names of now. */
  restraintsOf(problems: readonly Problem[]): ReadonlyMap<ServerId, readonly string[]> {
    return this.#restraints.of(problems);
  }

  /** This node leads and has applied all that was committed before: what stands open is taken up now. */
  lead(): void {
    this.#parts.publishing.lead();
    this.noticeApplied();
  }

  /** In this very turn nothing is sent to any server any more. */
  follow(): void {
    this.#formers.stop();
    this.#lost.stop();
    this.#runs.stopAll('this node does not lead any more');
    this.#aftermaths.stop();
    this.#parts.publishing.follow();
    this.#detections.stop();
  }

  /** Rejects with NotLeader on a follower. */
  async submitPrimaries(cluster: ClusterId | null): Promise<readonly Pair[]> {
    assertLeads(this.#parts);
    return await this.#parts.publishing.submit(cluster);
  }

  /** Entries were applied, or a snapshot restored. */
  noticeApplied(): void {
    if (this.#parts.ledger.readyTerm === null || this.#parts.policy.observesOnly) return;
    this.#runs.resume();
    this.#takeUpInterrupted();
    this.#parts.publishing.noticeApplied();
    this.#aftermaths.look();
    this.#formers.look();
    this.#lost.look();
  }

  /** A connection to this address ended without our doing. */
  noticeLost(address: Address): void {
    const { ledger, policy } = this.#parts;
    if (ledger.readyTerm !== null && !policy.observesOnly) this.#formers.noticeLost(address);
  }

  /** All that is known to be wrong now. Asked again about the same problem: refusals may have passed by themselves. */
  noticeProblems(problems: readonly Problem[]): void {
    this.#problems = problems;
    this.requests.noticeProblems(problems);
    const unheld = new Set(this.#detections.unheld(problems));
    for (const problem of problems) {
      // What kept us from answering it under another name is no reason any more.
      if (!unheld.has(problem)) this.#restraints.set(problem, null, [HOOKS_FIRST]);
      else if (callsForRecovery(problem)) this.#considerRecovery(problem);
      else if (problem.severity === 'critical') this.#restrain(problem, this.#noReaction(problem));
    }
    const ailing = new Set(problems.map(({ server }) => server));
    this.#restraints.keepOnly(ailing);
    this.#foreseen.keepOnly(ailing);
  }

  /** For the diagnosis: under the rules for every change of a server. */
  async restartCanary(canary: Server): Promise<void> {
    await restartCanary(this.#parts, canary);
  }

  /** Whom a failover would most likely promote, were this server to die now. */
  bestCandidateOf(source: ServerId): ServerId | null {
    const belief = this.#opener.belief();
    const server = belief.servers.get(source);
    return server === undefined ? null : likelySuccessor(belief, this.#parts.policy, server);
  }

  /** What a failover of this cluster would do now, and why not; on any node. Null when there is no such cluster. */
  explain(clusterId: ClusterId): Explanation | null {
    const { policy, sights } = this.#parts;
    const hasQuorum = this.#parts.hasQuorum();
    const orchestrators = this.#parts.orchestrators();
    const belief = this.#opener.belief();
    const primary = belief.clusters.get(clusterId)?.primary;
    const emergency = primary === undefined ? null : this.#parts.emergencyOf(primary);
    const recoversSilentSite = this.#parts.recoversSilentSite(clusterId);
    const asked = { belief, policy, clusterId, sights, hasQuorum, orchestrators };
    return explain({ ...asked, emergency, recoversSilentSite });
  }

  #considerRecovery(problem: Problem & ProblemToRecover): void {
    const belief = this.#opener.belief();
    const { server, clusterId } = problem;
    const kind = kindFor(problem.reaction);
    const open = openRecoveryOf(belief, clusterId);
    const isAnswered = open?.failed === server && !givesWay(open.kind, kind);
    if (!this.#opener.isFree(clusterId, kind) || isAnswered) {
      this.#restraints.clear(server);
      return;
    }
    const { policy, sights } = this.#parts;
    const question = { belief, policy, problem, sights, hasQuorum: this.#parts.hasQuorum() };
    const { refusals, opening } = decide(question, this.#opener.context('orchestrator'));
    this.#restrain(problem, refusals);
    const observes = refusals.length > 0 && refusals.every(({ code }) => code === OBSERVE_ONLY);
    if (observes && opening.ok && this.#parts.ledger.readyTerm !== null) {
      const foreseen = (): string => foreseenText(belief, opening.recovery, sights);
      const name = serverName(belief, server);
      this.#foreseen.tell(problem, () => `${problem.code} of ${name} would be recovered now: ${foreseen()}`);
    }
    if (refusals.some(({ code }) => code === 'brake')) this.#brake(belief, clusterId);
    if (refusals.length > 0 || !opening.ok || this.#parts.ledger.readyTerm === null) return;
    this.#parts.log.warn({ server, recovery: opening.recovery.id }, `${problem.code}: ${problem.because.join('; ')}`);
    this.#opener.begin(opening).catch((error: unknown) => {
      this.#parts.log.warn({ server, err: error }, `recovery ${opening.recovery.id} could not be opened`);
    });
  }

  /** What gave way to a failover left IO threads stopped, and nothing else would see to those replicas. */
  #takeUpInterrupted(): void {
    const { sights, policy, log } = this.#parts;
    for (const interrupted of interruptedRecoveries(this.#parts.ledger.state)) {
      const belief = this.#opener.belief();
      const opening = openAgain(belief, policy, interrupted, sights, this.#opener.context('orchestrator'));
      if (!opening.ok) continue;
      this.#opener.beginIfIdle(opening).catch((err: unknown) => {
        log.warn({ err, recovery: interrupted.id }, `recovery ${interrupted.id} could not be taken up again`);
      });
    }
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

  /** To a follower every problem comes without a reaction: what the leader makes of it is not known here. */
  #noReaction(problem: Problem): readonly Refusal[] {
    const { ledger } = this.#parts;
    if (ledger.readyTerm !== null) return reactionRefusals(this.#opener.belief(), problem);
    if (openRecoveryOf(ledger.state, problem.clusterId)?.failed === problem.server) return [];
    const { leader } = this.#parts.leadership();
    return [
      leader === null
        ? refusal(
            'no-leader',
            'there is no leader, who alone could do something about it',
            'bring a majority of the nodes back',
          )
        : refusal('leader-decides', `what is done about it is for the leader to decide (${leader})`),
    ];
  }

  /** True when the reasons are others than before. */
  #restrain(problem: Problem, refusals: readonly Refusal[]): void {
    const { ledger } = this.#parts;
    const what = ledger.readyTerm === null ? null : `${serverName(ledger.state, problem.server)}: ${problem.code}`;
    this.#restraints.set(problem, what, refusals);
  }
}
