/**
 * One open recovery, driven by the leader of one term from where its record stands to its end: work out what comes next,
 * commit the intents, take the steps, commit the outcomes. Outcomes and the intents that follow from them go into the log
 * together, and no step is taken before its own intent is committed and the committed record is what this run believed.
 *
 * The run ends at once when the right to act is lost, and leaves everything else to whoever reads the record next.
 */
import { advance, type Decision } from '../../../core/recovery/advance.js';
import { pauseBeforeMs } from '../../../core/recovery/patience.js';
import { channelIn } from '../../../core/recovery/channels.js';
import type { Closing } from '../../../core/recovery/playbooks/next.js';
import type { Driving } from '../../../core/recovery/playbooks/signs-of-life.js';
import { stepKey, withCancellation, withIntents, withOutcome, withPromotion } from '../../../core/recovery/record.js';
import type { Recovery } from '../../../core/recovery/recovery.js';
import type { NumberedStep, Step, StepOutcome } from '../../../core/recovery/step.js';
import { describeStep } from '../../../core/recovery/step-text.js';
import type { Address } from '../../../core/topology/address.js';
import { addressText } from '../../../core/topology/address.js';
import type { ClusterId, ServerId } from '../../../core/topology/server.js';
import { indexServers, serverAt, sourceOfChannel } from '../../../core/topology/sources.js';
import type { Proposal } from '../../replicated-ledger.js';
import { type HookStep, isHookStep, takeHookStep } from './hook-steps.js';
import { Journal } from './journal.js';
import { outcomeWithoutSession, PlanSessions } from './plan-sessions.js';
import type { RecoveryParts } from '../recovery-parts.js';
import { toldAddress } from './registered-names.js';
import { watched } from './step-watch.js';

/** How a run ended: the recovery is closed, or this node may not go on with it (any more, or right now). */
export type Ending = { readonly kind: 'closed' } | { readonly kind: 'stopped'; readonly reason: string };

export class RecoveryRun {
  readonly #parts: RecoveryParts;
  readonly #term: number;
  readonly #sessions: PlanSessions;
  readonly #hooksStop = new AbortController();
  readonly #journal: Journal;
  readonly #isTakenUp: boolean;
  readonly #began: { readonly nowMs: number; readonly wallMs: number };
  readonly #inFlight = new Set<number>();
  /** Former primaries that answered meanwhile. */
  readonly #beside = new Set<ServerId>();
  readonly #arrived: { readonly number: number; readonly outcome: StepOutcome }[] = [];
  #record: Recovery;
  #wake: () => void = () => undefined;
  #stopReason: string | null = null;

  /** `prelude`: what is committed together with the first intents, such as the opening itself. */
  constructor(parts: RecoveryParts, record: Recovery, term: number, prelude: readonly Proposal[] = []) {
    this.#parts = parts;
    this.#record = record;
    this.#term = term;
    this.#isTakenUp = prelude.length === 0;
    this.#began = { nowMs: parts.clock.nowMs(), wallMs: parts.clock.wallMs() };
    this.#journal = new Journal(parts.ledger, prelude);
    this.#sessions = new PlanSessions({
      opener: parts.sessions,
      clusterId: record.clusterId,
      authority: parts.authorityFor(term),
      clock: parts.clock,
      timeoutMs: parts.times.connectMs,
      barrierTimeoutMs: parts.times.barrierMs,
    });
  }

  get record(): Recovery {
    return this.#record;
  }

  /** The log did not take the opening: nothing was begun, and nobody takes it up. */
  get openingRefused(): string | null {
    return this.#journal.openingRefused;
  }

  /** Never rejects but for a fault of the program. */
  async run(): Promise<Ending> {
    try {
      for (;;) {
        this.#takeIn();
        if (this.#stopReason !== null) return { kind: 'stopped', reason: this.#stopReason };
        const decision = advance(this.#record, this.#inFlight, this.#beside, this.#driving());
        if (decision.kind === 'close') return await this.#close(decision);
        await this.#follow(decision);
      }
    } finally {
      await this.#sessions.close();
    }
  }

  /** Nothing is sent any more from this turn on. The step under way ends with its session. */
  stop(reason: string): void {
    this.#stopReason ??= reason;
    this.#hooksStop.abort();
    void this.#sessions.close();
    this.#wake();
  }

  /** Fences a former primary beside the plan, which neither waits for it nor asks how it ended. */
  fenceBeside(former: ServerId): void {
    if (this.#beside.has(former)) return;
    this.#beside.add(former);
    this.#wake();
  }

  /** Goes into the log with what comes next, so that another leader begins nothing either. */
  cancel(by: string): void {
    if (this.#record.cancelled !== undefined) return;
    this.#record = withCancellation(this.#record, by, this.#parts.clock.wallMs());
    this.#journal.write({ kind: 'recovery-cancelled', recoveryId: this.#record.id, by });
    this.#wake();
  }

  #driving(): Driving {
    const { clock, sights } = this.#parts;
    const { seenAtMs } = sights(this.#record.failed);
    return {
      term: this.#term,
      isTakenUp: this.#isTakenUp,
      drivenMs: clock.nowMs() - this.#began.nowMs,
      wasSeen: seenAtMs !== null && seenAtMs > this.#began.wallMs,
    };
  }

  async #follow(decision: Exclude<Decision, Closing>): Promise<void> {
    switch (decision.kind) {
      case 'run':
        this.#intend(decision.steps);
        this.#openEarly();
        if (await this.#committed(decision.steps)) this.#launch(decision.steps);
        return;
      case 'promise': {
        const { step, server, epoch } = decision;
        this.#intend([step]);
        this.#journal.write({ kind: 'promoting', recoveryId: this.#record.id, server, epoch });
        this.#record = withPromotion(this.#record, server, epoch);
        this.#finish(step.number, { ok: true, findings: {} });
        return;
      }
      case 'wait':
        // Outcomes are committed as they come in, but nothing waits for that.
        void this.#flush();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          if (this.#arrived.length > 0 || this.#stopReason !== null) resolve();
        });
    }
  }

  /** Clients of a former primary may be writing to it: its session is opened while the intent to fence it is committed. */
  #openEarly(): void {
    const { kind, failed, steps } = this.#record;
    if (kind !== 'former-primary' || steps.some(({ outcome }) => outcome !== null)) return;
    // Should it fail, the step meets the same and says so.
    this.#sessions.on(failed, this.#addressOf(failed)).catch(() => undefined);
  }

  #intend(steps: readonly NumberedStep[]): void {
    this.#record = withIntents(this.#record, steps, this.#term, this.#parts.clock.wallMs());
    this.#journal.write({ kind: 'steps-intended', recoveryId: this.#record.id, term: this.#term, steps });
  }

  #finish(number: number, outcome: StepOutcome): void {
    this.#record = withOutcome(this.#record, number, outcome, this.#parts.clock.wallMs());
    this.#journal.write({ kind: 'step-finished', recoveryId: this.#record.id, number, outcome });
  }

  async #flush(): Promise<void> {
    const trouble = await this.#journal.commit();
    if (trouble !== null) this.stop(trouble);
  }

  /** False when the log did not take it, or holds something else: then this run is over. */
  async #committed(steps: readonly NumberedStep[]): Promise<boolean> {
    const trouble = await this.#journal.commit();
    const reason = trouble ?? this.#disagreement(steps);
    if (reason !== null) this.stop(reason);
    return this.#stopReason === null;
  }

  /** Another leader's entries may have come in between; what they say holds, not what this run believed. */
  #disagreement(steps: readonly NumberedStep[]): string | null {
    const committed = this.#parts.ledger.state.recoveries.get(this.#record.id);
    if (committed === undefined || committed.closedAtMs !== null) return 'the recovery is not open any more';
    if (committed.promotion?.server !== this.#record.promotion?.server) return 'the log holds another promotion';
    const same = steps.every(({ number, attempt, step }) =>
      committed.steps.some(
        (record) =>
          record.number === number &&
          record.attempt === attempt &&
          record.term === this.#term &&
          stepKey(record.step) === stepKey(step),
      ),
    );
    return same ? null : 'the log holds other intents';
  }

  /** Servers beside each other, the steps of one server in order; after one that failed, the rest of that server's wait. */
  #launch(steps: readonly NumberedStep[]): void {
    const byServer = new Map<ServerId, NumberedStep[]>();
    for (const step of steps) {
      this.#inFlight.add(step.number);
      byServer.set(step.step.server, [...(byServer.get(step.step.server) ?? []), step]);
    }
    for (const own of byServer.values()) void this.#takeInOrder(own);
  }

  async #takeInOrder(steps: readonly NumberedStep[]): Promise<void> {
    let goesOn = true;
    for (const step of steps) {
      if (goesOn) goesOn = await this.#takeOne(step);
      else this.#inFlight.delete(step.number);
    }
    this.#wake();
  }

  async #takeOne(numbered: NumberedStep): Promise<boolean> {
    const { number, attempt, step } = numbered;
    const beganMs = this.#parts.clock.nowMs();
    await this.#pause(pauseBeforeMs(attempt));
    const outcome = await this.#outcomeOf(numbered);
    this.#tell(step, outcome, this.#parts.clock.nowMs() - beganMs);
    if (!isHookStep(step)) this.#parts.onTouched(step.server);
    this.#arrived.push({ number, outcome });
    this.#wake();
    return outcome.ok;
  }

  async #outcomeOf(numbered: NumberedStep): Promise<StepOutcome> {
    const { step } = numbered;
    if (isHookStep(step)) {
      return await takeHookStep(this.#parts, this.#record, { ...numbered, step }, this.#term, this.#hooksStop.signal);
    }
    const address = this.#addressOf(step.server);
    return await watched(this.#parts, { step, address }, this.#takeOn(step, address), () => {
      this.#sessions.drop(step.server);
    });
  }

  async #takeOn(step: Exclude<Step, HookStep>, address: Address): Promise<StepOutcome> {
    const named = otherIn(step);
    let other = named === null ? null : this.#addressOf(named);
    try {
      if (named !== null && other !== null && (step.kind === 'repoint' || step.kind === 'detach')) {
        const told = await toldAddress(this.#parts, named, other);
        if (!told.ok && step.kind === 'repoint') return told;
        other = told.ok ? told.address : null;
      }
      const session = await this.#sessions.on(step.server, address);
      return await session.execute(step, {
        address,
        other,
        ...this.#channelOf(step.server),
        ...this.#lendersTo(step.server),
        serverAt: (at) => serverAt(indexServers(this.#parts.ledger.state.servers.values()), at)?.id ?? null,
        tell: (text) => {
          this.#note(step, text);
        },
      });
    } catch (error) {
      return outcomeWithoutSession(error);
    }
  }

  /** Into the log and the audit, where whoever waits for a long step looks; should it not get there, nothing depends on it. */
  #note(step: Step, text: string): void {
    const { ledger, log } = this.#parts;
    const said = `${describeStep(step, (id) => addressText(this.#addressOf(id)))}: ${text}`;
    log.info({ recovery: this.#record.id }, said);
    const { server } = step;
    const { clusterId } = this.#record;
    ledger.propose({ kind: 'noted', server, clusterId, topic: 'step-progress', text: said }).catch(() => undefined);
  }

  #pause(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => this.#parts.clock.setTimer(ms, resolve));
  }

  /** An outcome for want of authority is none: the step is not finished, whoever leads next takes it up. */
  #takeIn(): void {
    for (const { number, outcome } of this.#arrived.splice(0)) {
      this.#inFlight.delete(number);
      if (!outcome.ok && outcome.code === 'authority') this.stop(outcome.error);
      else this.#finish(number, outcome);
    }
  }

  async #close({ verdict, lost, demotion }: Closing): Promise<Ending> {
    if (demotion !== null) this.#journal.write({ kind: 'demotion-changed', ...demotion });
    this.#journal.write({ kind: 'recovery-closed', recoveryId: this.#record.id, verdict, lost });
    const trouble = await this.#journal.commit();
    const committed = this.#parts.ledger.state.recoveries.get(this.#record.id);
    if (committed !== undefined) this.#record = committed;
    if (committed?.closedAtMs == null) return { kind: 'stopped', reason: trouble ?? 'the log did not close it' };
    return { kind: 'closed' };
  }

  /** The record's own addresses: a resumed step goes where it was meant to go. */
  #addressOf(server: ServerId): Address {
    const participant = this.#record.inputs.participants.find(({ id }) => id === server);
    if (participant !== undefined) return { host: participant.host, port: participant.port };
    return this.#parts.ledger.state.servers.get(server)?.address ?? { host: server, port: 0 };
  }

  #channelOf(server: ServerId): { readonly channel?: string } {
    const channel = channelIn(this.#record, server);
    return channel === null ? {} : { channel };
  }

  /** Whose replication account it may have: each cluster has its own. */
  #lendersTo(server: ServerId): { readonly siblings: readonly Address[]; readonly lender: ClusterId } {
    const all = this.#parts.ledger.state.servers;
    const own = all.get(server)?.facts.channels.find(({ name }) => name === channelIn(this.#record, server));
    const source = own === undefined ? null : sourceOfChannel(indexServers(all.values()), own);
    const lender = source?.clusterId ?? this.#record.clusterId;
    const siblings = [...all.values()].filter(
      (one) => one.id !== server && one.clusterId === lender && one.facts.channels.length > 0,
    );
    return { siblings: siblings.map(({ address }) => address), lender };
  }

  #tell(step: NumberedStep['step'], outcome: StepOutcome, tookMs: number): void {
    const fields = { recovery: this.#record.id, tookMs: Math.round(tookMs) };
    const what = describeStep(step, (id) => addressText(this.#addressOf(id)));
    if (!outcome.ok) this.#parts.log.warn(fields, `failed to ${what}: ${outcome.error}`);
    else
      this.#parts.log.info(
        fields,
        `done: ${what}${outcome.findings.text === undefined ? '' : ` (${outcome.findings.text})`}`,
      );
  }
}

function otherIn(step: Step): ServerId | null {
  if ('source' in step) return step.source;
  return step.kind === 'detach' ? (step.fellow ?? null) : null;
}
