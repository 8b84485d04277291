/**
 * Tells an operator's hooks of failures as they are found, on the leader, before their recovery is opened. What is to be told
 * is committed first, so that it is told once whoever leads; a leader that dies over it is followed by one that tells it
 * again. Hooks hold a recovery up as long as they run, and cannot forbid it: what they may do about it is PreFailover's.
 */
import type { Problem } from '../../../core/analysis/problem.js';
import { type Belief, serverName } from '../../../core/recovery/belief.js';
import {
  type Detection,
  detectionKey,
  detectionSort,
  isHushed,
  wasTold,
} from '../../../core/recovery/telling/detections.js';
import { HOOK_KEYS } from '../../../core/recovery/telling/hook-terms.js';
import { hookFactsOf } from '../../../core/recovery/telling/hooks.js';
import type { StepOutcome } from '../../../core/recovery/step.js';
import type { ServerId } from '../../../core/topology/server.js';
import { MemberTooOld } from '../../schema-gate.js';
import type { RecoveryParts } from '../recovery-parts.js';

/** What nothing waits for is told only when it lasts: a death begins as an unreachable primary, for some milliseconds. */
const LASTING_MS = 1_000;

export class Detections {
  readonly #parts: RecoveryParts;
  readonly #belief: () => Belief;
  readonly #onTold: () => void;
  readonly #running = new Map<string, AbortController>();
  readonly #standing = new Map<string, { readonly sinceMs: number; isTold: boolean; isForeseen?: boolean }>();
  /** Told without a record, while members could not read one. */
  readonly #unrecorded = new Map<string, Detection>();

  /** `onTold`: a recovery that had to wait need not wait any more. */
  constructor(parts: RecoveryParts, belief: () => Belief, onTold: () => void) {
    this.#parts = parts;
    this.#belief = belief;
    this.#onTold = onTold;
  }

  /** Tells what is new among all problems of now, and answers with those whose recovery waits for no hook. */
  unheld(problems: readonly Problem[]): readonly Problem[] {
    const { hooks, ledger } = this.#parts;
    const term = ledger.readyTerm;
    if (term === null || !hooks.runner.configured.has('on-detection')) return problems;
    const belief = this.#belief();
    const keys = new Set<string>();
    const unheld = problems.filter((problem) => {
      const sort = detectionSort(problem);
      if (sort === null) return true;
      const key = detectionKey({ server: problem.server, sort });
      keys.add(key);
      this.#consider(problem, key, sort, belief, term);
      return sort === 'noticed' || !this.#running.has(key);
    });
    for (const key of this.#standing.keys()) if (!keys.has(key)) this.#standing.delete(key);
    return unheld;
  }

  /** Has a failure of this server been told that a recovery answers? */
  hasTold(server: ServerId): boolean {
    const known = this.#known(detectionKey({ server, sort: 'actionable' }));
    return wasTold(this.#belief(), known, this.#parts.hooks.detectionBlockMs);
  }

  stop(): void {
    for (const stop of this.#running.values()) stop.abort();
  }

  #known(key: string): Detection | undefined {
    return this.#unrecorded.get(key) ?? this.#parts.ledger.state.detections.get(key);
  }

  #consider(problem: Problem, key: string, sort: Detection['sort'], belief: Belief, term: number): void {
    if (this.#running.has(key)) return;
    const { hooks, policy, clock } = this.#parts;
    const standing = this.#standing.get(key) ?? { sinceMs: clock.nowMs(), isTold: false };
    this.#standing.set(key, standing);
    if (sort === 'noticed' && clock.nowMs() - standing.sinceMs < LASTING_MS) return;
    // Zero minutes: told again when it comes again, and not with every look at what stands.
    if (standing.isTold && hooks.detectionBlockMs === 0) return;
    if (isHushed(belief, policy.ignoredHosts, problem.server)) return;
    const known = this.#known(key);
    const told = wasTold(belief, known, hooks.detectionBlockMs);
    if (known !== undefined && told && known.outcome !== null) return;
    if (policy.observesOnly) {
      // Not told, so nothing is recorded: whoever acts later tells it then, and the recovery waits for that.
      if (standing.isForeseen === true) return;
      standing.isForeseen = true;
      const what = `${problem.code} of ${serverName(belief, problem.server)}`;
      const text = `observe only: ${what} would be told to ${HOOK_KEYS['on-detection']} now, and is not`;
      this.#parts.log.warn({ server: problem.server }, text);
      return;
    }
    const detection =
      known !== undefined && told
        ? { ...known, term, attempt: known.attempt + 1 }
        : this.#newDetection(problem, sort, belief, term);
    void this.#tell(key, detection);
  }

  #newDetection(problem: Problem, sort: Detection['sort'], belief: Belief, term: number): Detection {
    const { clock, hooks, randomHex } = this.#parts;
    const { server, clusterId, code, description } = problem;
    const { primary, intermediate } = hooks.automatic(clusterId);
    const setting = {
      configured: hooks.runner.configured,
      isDetected: false,
      automaticPrimary: primary,
      automaticIntermediate: intermediate,
    };
    const detectedAtMs = clock.wallMs();
    return {
      id: `${String(detectedAtMs)}:${randomHex()}`,
      server,
      clusterId,
      sort,
      facts: hookFactsOf(belief, { code, description, clusterId, failed: server }, setting),
      detectedAtMs,
      term,
      attempt: 1,
      outcome: null,
    };
  }

  async #tell(key: string, detection: Detection): Promise<void> {
    const { log } = this.#parts;
    const stop = new AbortController();
    this.#running.set(key, stop);
    const fields = { server: detection.server };
    const what = `${detection.facts.failureType} on ${serverName(this.#parts.ledger.state, detection.server)}`;
    try {
      const outcome = await this.#run(key, detection, stop.signal);
      const standing = this.#standing.get(key);
      if (standing !== undefined && outcome !== null) standing.isTold = true;
      if (outcome === null) {
        log.info(fields, `${what}: its hooks were not run to their end; whoever leads runs them again`);
        await this.#pause();
      } else if (outcome.ok) log.info(fields, `${what}: hooks were told`);
      else log.warn(fields, `${what}: hooks were told, and what is to be done is done: ${outcome.error}`);
    } catch (error) {
      log.warn({ ...fields, err: error }, `${what}: that hooks are to be told was not committed`);
      await this.#pause();
    } finally {
      this.#running.delete(key);
      this.#onTold();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#parts.clock.setTimer(this.#parts.times.resumeMs, resolve));
  }

  /** Null: not finished, for want of the right to act. Rejects when the log does not take it. */
  async #run(key: string, detection: Detection, signal: AbortSignal): Promise<StepOutcome | null> {
    const { hooks, authorityFor } = this.#parts;
    const { id, server, clusterId, sort, facts, term, attempt } = detection;
    const isRecorded = await this.#commit({
      kind: 'detection-intended',
      detection: { id, server, clusterId, sort, facts, term, attempt },
    });
    const authority = authorityFor(term);
    const outcome = await hooks.runner.run({
      list: 'on-detection',
      event: { facts, recoveryId: id, attempt, isSuccessful: false, successor: null, lost: [] },
      confirm: async () => {
        await authority.confirm();
        authority.assertLease();
      },
      signal,
    });
    if (signal.aborted || (!outcome.ok && outcome.code === 'authority')) return null;
    if (isRecorded) await this.#commit({ kind: 'detection-finished', key, id, outcome });
    else this.#unrecorded.set(key, { ...detection, outcome });
    return outcome;
  }

  /** False: a member cannot read it yet, and hooks are told all the same. */
  async #commit(proposal: Parameters<RecoveryParts['ledger']['propose']>[0]): Promise<boolean> {
    try {
      const { facts } = await this.#parts.ledger.propose(proposal);
      const refused = facts.find(({ kind }) => kind === 'rejected');
      if (refused !== undefined) throw new Error(refused.text);
      return true;
    } catch (error) {
      if (error instanceof MemberTooOld) return false;
      throw error;
    }
  }
}
