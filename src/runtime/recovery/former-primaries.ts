/**
 * Watches the former primaries that a committed demotion names and nobody else. Each is knocked at until it answers; then
 * it is to be fenced, within milliseconds, because its clients may still believe in it. A refused connection is tried
 * again soon; a silent one is waited for in the open socket, so that a server that was frozen is met as it wakes.
 */
import type { Demotion, LedgerState } from '../../core/ledger/state.js';
import { addressText, sameAddress } from '../../core/topology/address.js';
import { isReplicating, isWritable, mainChannel, type Server, type ServerId } from '../../core/topology/server.js';
import type { RecoveryParts } from './recovery-parts.js';

/** After an attempt that failed, the next one waits: a missing grant is not mended by asking ten times a second. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** Resolves when the recovery of this former primary has ended; true when it is settled. */
export type RecoverFormer = (server: ServerId) => Promise<boolean>;

export class FormerPrimaries {
  readonly #parts: RecoveryParts;
  readonly #recover: RecoverFormer;
  readonly #vigils = new Map<ServerId, Vigil>();
  readonly #settling = new Set<ServerId>();

  constructor(parts: RecoveryParts, recover: RecoverFormer) {
    this.#parts = parts;
    this.#recover = recover;
  }

  /** To be called when the state has changed, on the leader only. */
  look(): void {
    const { state } = this.#parts.ledger;
    for (const demotion of state.demotions.values()) {
      const server = state.servers.get(demotion.server);
      if (server === undefined || this.#vigils.has(server.id)) continue;
      if (isOwed(state, demotion, server)) this.#keepVigil(server.id);
      else if (followsAgain(state, demotion, server)) this.#settle(server);
    }
  }

  stop(): void {
    for (const vigil of this.#vigils.values()) vigil.end();
    this.#vigils.clear();
  }

  #keepVigil(id: ServerId): void {
    const vigil = new Vigil();
    this.#vigils.set(id, vigil);
    void this.#watch(id, vigil).finally(() => {
      if (this.#vigils.get(id) === vigil) this.#vigils.delete(id);
    });
  }

  async #watch(id: ServerId, vigil: Vigil): Promise<void> {
    const { ledger, prober, times } = this.#parts;
    let pauseMs = FIRST_PAUSE_MS;
    while (vigil.goesOn()) {
      const server = ledger.state.servers.get(id);
      const demotion = ledger.state.demotions.get(id);
      if (server === undefined || demotion === undefined || !isOwed(ledger.state, demotion, server)) return;
      const { vote } = await prober.knock(server.address, times.vigilWaitMs);
      if (!vigil.goesOn()) return;
      if (vote !== 'alive') {
        await this.#sleep(times.vigilMs);
        continue;
      }
      if (await this.#recover(id)) return;
      await this.#sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
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

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.clock.setTimer(ms, resolve));
  }
}

class Vigil {
  #over = false;

  goesOn(): boolean {
    return !this.#over;
  }

  end(): void {
    this.#over = true;
  }
}

/** One that was fenced and takes writes again (it was restarted, or somebody opened it) is fenced again: only a committed epoch opens it. */
function isOwed(state: LedgerState, demotion: Demotion, server: Server): boolean {
  return (
    demotion.state === 'owed' || (isWritable(server.facts) && server.changedAtMs > lastDealtWithAtMs(state, server.id))
  );
}

/** What was believed of it before that is of the time when it was the primary, and the next probe corrects it. */
function lastDealtWithAtMs(state: LedgerState, server: ServerId): number {
  const own = [...state.recoveries.values()].filter(({ failed }) => failed === server);
  return Math.max(0, ...own.map(({ closedAtMs }) => closedAtMs ?? 0));
}

function followsAgain(state: LedgerState, demotion: Demotion, server: Server): boolean {
  const channel = mainChannel(server.facts);
  const primary = state.servers.get(state.clusters.get(demotion.clusterId)?.primary ?? server.id);
  if (channel === null || primary === undefined || primary.id === server.id || !isReplicating(channel)) return false;
  return [primary.address, ...primary.aliases].some((address) => sameAddress(address, channel.source));
}
