/**
 * What follows the recoveries that are over, on the leader: each step's intent is committed, then it is taken, then its
 * outcome is committed. A leader that finds a recovery whose aftermath has not ended goes on with it; a list that the former
 * one had begun is run again, because nobody can tell how far it came. One aftermath a cluster, so that the hooks of a later
 * recovery never come before those of an earlier one.
 */
import { nextOfAftermath } from '../../core/recovery/telling/aftermath.js';
import { withIntents, withOutcome } from '../../core/recovery/record.js';
import type { Recovery, RecoveryId } from '../../core/recovery/recovery.js';
import type { NumberedStep, StepOutcome } from '../../core/recovery/step.js';
import { describeStep } from '../../core/recovery/step-text.js';
import { serverName } from '../../core/recovery/belief.js';
import type { ClusterId } from '../../core/topology/server.js';
import { MemberTooOld } from '../schema-gate.js';
import { isHookStep, takeHookStep } from './run/hook-steps.js';
import type { RecoveryParts } from './recovery-parts.js';

/** Clusters whose hooks run beside each other; the others wait for their turn. */
const CLUSTERS_MAX = 32;

interface Drive {
  readonly id: RecoveryId;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

export class Aftermaths {
  readonly #parts: RecoveryParts;
  readonly #drives = new Map<ClusterId, Drive>();
  /** Known to need nothing more: closed recoveries are many, and are looked at with every entry. */
  readonly #over = new WeakSet<Recovery>();
  /** Taken without a record, while members could not read one. */
  readonly #unrecorded = new Map<RecoveryId, Recovery>();

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Entries were applied, on a leader that has caught up. */
  look(): void {
    const { ledger } = this.#parts;
    const term = ledger.readyTerm;
    if (term === null || this.#parts.policy.observesOnly) return;
    for (const recovery of ledger.state.recoveries.values()) {
      if (recovery.closedAtMs === null || this.#over.has(recovery)) continue;
      if (nextOfAftermath(this.#latest(recovery)) === null) this.#over.add(recovery);
      else if (!this.#drives.has(recovery.clusterId) && this.#drives.size < CLUSTERS_MAX) this.#begin(recovery, term);
    }
  }

  /** Resolves when nothing of it is left for this node to do. */
  async settled(id: RecoveryId): Promise<void> {
    for (;;) {
      this.look();
      const recovery = this.#parts.ledger.state.recoveries.get(id);
      const drive = recovery === undefined ? undefined : this.#drives.get(recovery.clusterId);
      if (drive === undefined) return;
      await drive.ended;
      if (drive.id === id) return;
    }
  }

  /** In this turn: what runs is ended, and the next leader runs it again. */
  stop(): void {
    for (const { stop } of this.#drives.values()) stop.abort();
  }

  #begin(recovery: Recovery, term: number): void {
    const stop = new AbortController();
    const { clusterId, id } = recovery;
    const ended = this.#drive(id, term, stop.signal)
      .catch((error: unknown) => {
        this.#parts.log.warn({ recovery: id, err: error }, `what follows recovery ${id} stands still`);
        return false;
      })
      .then((wentOn) => {
        this.#drives.delete(clusterId);
        if (wentOn) this.look();
        else this.#lookLater();
      });
    this.#drives.set(clusterId, { id, stop, ended });
  }

  #lookLater(): void {
    const { clock, times, ledger, policy } = this.#parts;
    clock.setTimer(times.resumeMs, () => {
      if (ledger.readyTerm !== null && policy.observesOnly) this.#lookLater();
      else this.look();
    });
  }

  /** False: it has to be taken up again, by whoever leads then. Rejects when the log does not take an entry. */
  async #drive(id: RecoveryId, term: number, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const committed = this.#parts.ledger.state.recoveries.get(id);
      if (committed === undefined || signal.aborted || this.#parts.ledger.readyTerm !== term) return false;
      const record = this.#latest(committed);
      const next = nextOfAftermath(record);
      if (next === null) return true;
      if (!(await this.#take(record, next, term, signal))) return false;
    }
  }

  async #take(record: Recovery, next: NumberedStep, term: number, signal: AbortSignal): Promise<boolean> {
    const { step } = next;
    if (!isHookStep(step)) throw new Error(`${step.kind} is no step to follow a recovery`);
    const isRecorded = await this.#commit(record.id, {
      kind: 'aftermath-intended',
      recoveryId: record.id,
      term,
      step: next,
    });
    const outcome = await takeHookStep(this.#parts, record, { ...next, step }, term, signal);
    if (signal.aborted || (!outcome.ok && outcome.code === 'authority')) return false;
    this.#tell(record, next, outcome);
    const { number } = next;
    if (isRecorded) {
      await this.#commit(record.id, { kind: 'aftermath-finished', recoveryId: record.id, number, outcome });
    } else {
      const wallMs = this.#parts.clock.wallMs();
      const taken = withOutcome(withIntents(record, [next], term, wallMs), number, outcome, wallMs);
      this.#unrecorded.set(record.id, taken);
    }
    return true;
  }

  /** False: a member cannot read it yet. Hooks are run all the same: a proxy that is not told is an outage. */
  async #commit(id: RecoveryId, proposal: Parameters<RecoveryParts['ledger']['propose']>[0]): Promise<boolean> {
    if (this.#unrecorded.has(id)) return false;
    try {
      const { facts } = await this.#parts.ledger.propose(proposal);
      const rejected = facts.find(({ kind }) => kind === 'rejected');
      if (rejected !== undefined) throw new Error(rejected.text);
      return true;
    } catch (error) {
      if (!(error instanceof MemberTooOld)) throw error;
      this.#parts.log.warn({ recovery: id }, `hooks are run without a record: ${error.message}`);
      return false;
    }
  }

  #latest(recovery: Recovery): Recovery {
    return this.#unrecorded.get(recovery.id) ?? recovery;
  }

  #tell(record: Recovery, { step }: NumberedStep, outcome: StepOutcome): void {
    const { log, ledger } = this.#parts;
    const what = describeStep(step, (id) => serverName(ledger.state, id));
    const fields = { recovery: record.id };
    if (outcome.ok)
      log.info(fields, `done: ${what}${outcome.findings.text === undefined ? '' : ` (${outcome.findings.text})`}`);
    else log.warn(fields, `failed to ${what}: ${outcome.error}`);
  }
}
