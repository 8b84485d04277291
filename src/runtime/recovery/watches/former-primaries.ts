/**
 * Watches the former primaries that a committed demotion names and nobody else. One that is not fenced yet, or that was and
 * does not answer now, has a vigil at its door: the moment somebody answers there it is fenced, within milliseconds, because
 * its clients may still believe in it, and a restart opens again what is closed at run time only. One that is fenced and
 * could not be pointed at the new primary is tried again, less and less often: that does no harm to anybody.
 */
import { openRecoveryOf } from '../../../core/recovery/belief.js';
import { openFormerPrimary } from '../../../core/recovery/openings/former-primary.js';
import type { Recovery } from '../../../core/recovery/recovery.js';
import type { Demotion, LedgerState } from '../../../core/ledger/state.js';
import { type Address, addressText, sameAddress } from '../../../core/topology/address.js';
import {
  isReplicating,
  isWritable,
  mainChannel,
  type Server,
  type ServerFacts,
  type ServerId,
} from '../../../core/topology/server.js';
import type { RecoveryOpener } from '../recovery-opener.js';
import type { RecoveryParts } from '../recovery-parts.js';
import type { Runs } from '../run/runs.js';
import { Vigil } from './vigil.js';

/** After an attempt that failed, the next one waits: a missing grant is not mended by asking ten times a second. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A server that goes away while it is being fenced may come back at any moment, and may be one that restarts for ever. */
const QUICK_TRIES = 3;
/** Each attempt to bring back one that is fenced is a recovery in the record, which people read. */
const LONGEST_CALM_PAUSE_MS = 600_000;

/**
 * How a meeting ended. busy: another recovery has the cluster, and fences it beside its own work. gone: nobody, or somebody
 * else, was there when the fence was to be set.
 */
type Meeting = 'settled' | 'busy' | 'gone' | 'failed';

export class FormerPrimaries {
  readonly #parts: RecoveryParts;
  readonly #opener: RecoveryOpener;
  readonly #runs: Runs;
  readonly #vigils = new Map<ServerId, Vigil>();
  readonly #returning = new Map<ServerId, Vigil>();
  readonly #settling = new Set<ServerId>();

  constructor(parts: RecoveryParts, opener: RecoveryOpener, runs: Runs) {
    this.#parts = parts;
    this.#opener = opener;
    this.#runs = runs;
  }

  /** To be called when the state has changed, on the leader only. */
  look(): void {
    const { state } = this.#parts.ledger;
    for (const demotion of state.demotions.values()) {
      const server = state.servers.get(demotion.server);
      if (server === undefined) continue;
      // Whoever opens one that nobody has seen closed changes nothing in the state.
      if (isWritable(server.facts) || isOwed(state, demotion, server)) this.#keepVigil(server);
      else if (!this.#parts.soft.answers(server.id)) this.#keepVigil(server);
      else if (followsAgain(state, demotion, server)) this.#settle(server);
      else if (isToReturn(demotion)) this.#bringBack(server);
    }
  }

  /** A connection to the address ended without our doing: what was closed there may come up open. */
  noticeLost(address: Address): void {
    const { state } = this.#parts.ledger;
    for (const { server: id } of state.demotions.values()) {
      const server = state.servers.get(id);
      if (server !== undefined && sameAddress(server.address, address)) this.#keepVigil(server);
    }
  }

  stop(): void {
    for (const watch of [...this.#vigils.values(), ...this.#returning.values()]) watch.end();
    this.#vigils.clear();
    this.#returning.clear();
  }

  /** One that has moved is waited for where it is now. */
  #keepVigil({ id, address }: Server): void {
    const known = this.#vigils.get(id);
    if (known !== undefined && sameAddress(known.address, address)) return;
    known?.end();
    this.#begin(this.#vigils, id, address, (vigil) => this.#watch(id, vigil));
  }

  #bringBack({ id, address }: Server): void {
    if (this.#returning.has(id) || this.#vigils.has(id)) return;
    this.#begin(this.#returning, id, address, (pauses) => this.#tryAgain(id, pauses));
  }

  #begin(all: Map<ServerId, Vigil>, id: ServerId, address: Address, work: (vigil: Vigil) => Promise<void>): void {
    const vigil = new Vigil(address, this.#parts, this.#parts.times);
    all.set(id, vigil);
    void work(vigil).finally(() => {
      if (all.get(id) !== vigil) return;
      all.delete(id);
      const demotion = this.#demotion(id);
      const server = this.#parts.ledger.state.servers.get(id);
      if (demotion !== undefined && server !== undefined && isToReturn(demotion)) this.#bringBack(server);
    });
  }

  async #watch(id: ServerId, vigil: Vigil): Promise<void> {
    const { clock, times } = this.#parts;
    let isSure = true;
    let failures = 0;
    for (;;) {
      const sinceMs = clock.nowMs();
      await vigil.answered();
      if (clock.nowMs() - sinceMs > LONGEST_PAUSE_MS) failures = 0;
      const standing = await this.#standing(id, vigil, isSure);
      if (standing === 'calm') return;
      if (standing !== 'owed') {
        await vigil.sleep(FIRST_PAUSE_MS);
        continue;
      }
      const meeting = await this.#meet(id);
      isSure = meeting !== 'gone';
      if (meeting !== 'busy') failures += 1;
      const patient = meeting === 'failed' || failures > QUICK_TRIES;
      await vigil.sleep(patient ? Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS) : times.vigilMs);
    }
  }

  /**
   * What is to be done about whoever answered. owed: it is to be fenced, now. Where an attempt has met nobody or a stranger
   * it is looked at first, because every attempt is a record; so is one that is fenced, as far as is known. unseen: it is
   * closed and the state does not say so yet, so that its opening would be no news.
   */
  async #standing(id: ServerId, vigil: Vigil, isSure: boolean): Promise<'owed' | 'strange' | 'unseen' | 'calm'> {
    if (vigil.isOver() || this.#demotion(id) === undefined) return 'calm';
    if (isSure && this.#isOwed(id)) return 'owed';
    const facts = await this.#factsOf(id, vigil.address);
    if (vigil.isOver()) return 'calm';
    if (facts === null) return 'strange';
    if (isWritable(facts) || this.#isOwed(id)) return 'owed';
    return this.#isBelievedOpen(id) ? 'unseen' : 'calm';
  }

  /** What it says of itself; null when it does not, or when another server answers there. */
  async #factsOf(id: ServerId, address: Address): Promise<ServerFacts | null> {
    const probed = await this.#parts.prober.probe(address, this.#parts.times.connectMs);
    return probed.ok && probed.report.id === id ? probed.report.facts : null;
  }

  async #tryAgain(id: ServerId, pauses: Vigil): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_CALM_PAUSE_MS)) {
      await pauses.sleep(pauseMs);
      const demotion = pauses.isOver() ? undefined : this.#demotion(id);
      if (demotion === undefined || !isToReturn(demotion) || this.#vigils.has(id)) return;
      if (this.#parts.soft.answers(id)) await this.#meet(id);
    }
  }

  async #meet(id: ServerId): Promise<Meeting> {
    const { ledger } = this.#parts;
    const opening = openFormerPrimary(
      this.#opener.belief(),
      id,
      this.#opener.context('orchestrator'),
      this.#parts.policy.replication,
    );
    if (!opening.ok) return 'failed';
    const { clusterId } = opening.recovery;
    if (openRecoveryOf(ledger.state, clusterId) !== null || this.#runs.busyWith(clusterId) !== null) {
      this.#runs.fenceBeside(clusterId, id);
      return 'busy';
    }
    const closed = await this.#opener.beginIfIdle(opening);
    return closed === null ? 'busy' : meetingOf(closed);
  }

  #demotion(id: ServerId): Demotion | undefined {
    const { state } = this.#parts.ledger;
    return state.servers.has(id) ? state.demotions.get(id) : undefined;
  }

  #isOwed(id: ServerId): boolean {
    const { state } = this.#parts.ledger;
    const demotion = state.demotions.get(id);
    const server = state.servers.get(id);
    return demotion !== undefined && server !== undefined && isOwed(state, demotion, server);
  }

  #isBelievedOpen(id: ServerId): boolean {
    const server = this.#parts.ledger.state.servers.get(id);
    return server !== undefined && isWritable(server.facts);
  }

  /** An operator has started its replication, or brought it back some other way: it is a replica like others again. */
  #settle(server: Server): void {
    const { ledger, log } = this.#parts;
    if (this.#settling.has(server.id)) return;
    this.#settling.add(server.id);
    const proposal = { kind: 'demotion-changed', server: server.id, state: 'rejoined', extraGtids: '' } as const;
    void ledger
      .propose(proposal)
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        log.info({ server: server.id }, `that ${addressText(server.address)} has rejoined was not committed: ${why}`);
      })
      .finally(() => this.#settling.delete(server.id));
  }
}

function meetingOf({ failed, verdict, steps }: Recovery): Meeting {
  if (verdict?.kind === 'succeeded') return 'settled';
  const fence = steps.find(({ step }) => step.kind === 'fence' && step.server === failed);
  // Fenced, and not back: from here on there is no hurry.
  if (fence?.outcome?.ok === true) return 'settled';
  const code = fence?.outcome?.ok === false ? fence.outcome.code : null;
  return code === 'unreachable' || code === 'replaced' ? 'gone' : 'failed';
}

/** One that was fenced and takes writes again (it was restarted, or somebody opened it) is fenced again: only a committed epoch opens it. */
function isOwed(state: LedgerState, demotion: Demotion, server: Server): boolean {
  return (
    demotion.state === 'owed' || (isWritable(server.facts) && server.changedAtMs > lastDealtWithAtMs(state, server.id))
  );
}

/** Fenced, and nobody said that its replication is to stay stopped. */
function isToReturn({ state, keepStopped }: Demotion): boolean {
  return state === 'fenced' && !keepStopped;
}

/**
 * What was believed of it before that is of the time when it was the primary, and the next probe corrects it. Of a recovery
 * that fenced it the fence counts, not the end: whoever opens it in between has opened it.
 */
function lastDealtWithAtMs(state: LedgerState, server: ServerId): number {
  const own = [...state.recoveries.values()].filter(({ failed, kind }) => failed === server && kind !== 'switch');
  return Math.max(0, ...own.map((recovery) => fencedAtMs(recovery) ?? recovery.closedAtMs ?? 0));
}

function fencedAtMs({ failed, steps, closedAtMs }: Recovery): number | null {
  if (closedAtMs === null) return null;
  const fences = steps.filter(({ step, outcome }) => {
    return step.server === failed && outcome?.ok === true && (step.kind === 'fence' || step.kind === 'close');
  });
  return fences.at(-1)?.finishedAtMs ?? null;
}

function followsAgain(state: LedgerState, demotion: Demotion, server: Server): boolean {
  const channel = mainChannel(server.facts);
  const primary = state.servers.get(state.clusters.get(demotion.clusterId)?.primary ?? server.id);
  if (channel === null || primary === undefined || primary.id === server.id || !isReplicating(channel)) return false;
  // Seen before our last step on it, which may have stopped it.
  if (server.changedAtMs < lastStepAt(state, server.id)) return false;
  return [primary.address, ...primary.aliases].some((address) => sameAddress(address, channel.source));
}

function lastStepAt({ recoveries }: LedgerState, server: ServerId): number {
  let latestMs = 0;
  for (const { steps } of recoveries.values()) {
    for (const { step, finishedAtMs } of steps) {
      if (step.server === server && step.kind !== 'look') latestMs = Math.max(latestMs, finishedAtMs ?? 0);
    }
  }
  return latestMs;
}
