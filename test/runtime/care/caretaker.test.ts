import { describe, expect, it } from 'vitest';
import { type Address, addressText } from '../../../src/core/topology/address.js';
import { Caretaker, type CaretakerSettings } from '../../../src/runtime/care/caretaker.js';
import type { Sighting } from '../../../src/runtime/ports/service.js';
import type { Proposal } from '../../../src/runtime/replicated-ledger.js';
import { addressOf, observed, serverId } from '../../support/facts.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';
import { FedLedger } from '../../support/ledger.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

class Stage {
  readonly clock = new FakeClock();
  readonly fed = new FedLedger();
  readonly proposals: Proposal[] = [];
  readonly dead = new Set<string>();
  readonly #seenMs = new Map<string, number>();
  term: number | null = 1;
  caretaker: Caretaker;
  readonly #settings: CaretakerSettings;

  constructor(settings: Partial<CaretakerSettings> = {}) {
    this.#settings = { forgetUnseenMs: 2 * HOUR_MS, recordTopologiesMs: 0, keepHistoryMs: 0, ...settings };
    this.feed({ kind: 'topology-observed', servers: [observed('p'), observed('r', 'p')] });
    this.caretaker = this.#newNode();
  }

  #newNode(): Caretaker {
    const term = (): number | null => this.term;
    const caretaker = new Caretaker({
      clock: this.clock,
      ledger: {
        state: this.fed.state,
        get readyTerm() {
          return term();
        },
        propose: (proposal) => {
          this.proposals.push(proposal);
          const facts = this.feed(proposal);
          return Promise.resolve({ index: 0, command: null, facts });
        },
      },
      settings: this.#settings,
      sighting: (address) => this.#sighting(address),
      onFailed: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
    caretaker.start();
    return caretaker;
  }

  feed(proposal: Proposal) {
    return this.fed.feed(proposal, this.clock.wallMs());
  }

  /** Another node leads, which has seen nobody yet. */
  changeLeader(): void {
    this.caretaker.stop();
    this.#seenMs.clear();
    this.term = (this.term ?? 0) + 1;
    this.caretaker = this.#newNode();
  }

  async advance(ms: number): Promise<void> {
    // In steps of a minute, so that hours do not take as many turns as seconds.
    for (let passedMs = 0; passedMs < ms; passedMs += MINUTE_MS) {
      this.clock.wall += MINUTE_MS - 1000;
      this.clock.now += MINUTE_MS - 1000;
      await this.clock.advance(1000);
    }
  }

  kinds(): string[] {
    return this.proposals.map(({ kind }) => kind);
  }

  #sighting(address: Address): Sighting | null {
    const server = [...this.fed.state.servers.values()].find(
      (one) => addressText(one.address) === addressText(address),
    );
    const name = addressText(address);
    const isDead = this.dead.has(address.host);
    if (!isDead) this.#seenMs.set(name, this.clock.wall);
    const lastSeenAtMs = this.#seenMs.get(name) ?? null;
    const look = {
      seenBy: 'n1',
      lastAttemptAtMs: this.clock.wall,
      valid: !isDead,
      lastError: null,
      lacking: null,
      vitals: null,
    };
    return { address, server: lastSeenAtMs === null ? null : (server?.id ?? null), lastSeenAtMs, ...look };
  }
}

describe('the caretaker', () => {
  it('writes nothing while nothing ends and everybody is seen', async () => {
    const stage = new Stage();
    await stage.advance(5 * HOUR_MS);
    expect(stage.proposals).toEqual([]);
  });

  it('lets time pass when something ends and no other entry comes', async () => {
    const stage = new Stage();
    const candidate = { server: serverId('r'), rule: 'must', by: 'ann', lifetimeMs: HOUR_MS } as const;
    stage.feed({ kind: 'candidate-registered', ...candidate });
    await stage.advance(HOUR_MS + 2 * MINUTE_MS);
    expect(stage.kinds()).toEqual(['time-passed']);
    expect(stage.fed.state.candidates.size).toBe(0);
  });

  it('notes who is not seen, and who is seen again, once', async () => {
    const stage = new Stage();
    stage.dead.add('r');
    await stage.advance(HOUR_MS);
    expect(stage.kinds()).toEqual(['silence-changed']);
    stage.dead.clear();
    await stage.advance(HOUR_MS);
    expect(stage.kinds()).toEqual(['silence-changed', 'silence-changed']);
    expect(stage.fed.state.silences.size).toBe(0);
  });

  it('gives up whom nobody has seen for long enough, over a change of leaders', async () => {
    const stage = new Stage();
    stage.dead.add('r');
    await stage.advance(HOUR_MS);
    stage.changeLeader();
    await stage.advance(HOUR_MS - 2 * MINUTE_MS);
    expect(stage.fed.state.servers.size).toBe(2);
    await stage.advance(5 * MINUTE_MS);
    expect([...stage.fed.state.servers.keys()]).toEqual(['p']);
    expect(stage.fed.state.tombstones.size).toBe(0);
  });

  it('does not give up a server that a new leader has not looked at yet and that was seen before', async () => {
    const stage = new Stage();
    await stage.advance(3 * HOUR_MS);
    stage.dead.add('r');
    stage.changeLeader();
    await stage.advance(HOUR_MS);
    expect(stage.fed.state.servers.size).toBe(2);
  });

  it('gives up nobody where that is not configured', async () => {
    const stage = new Stage({ forgetUnseenMs: 0 });
    stage.dead.add('r');
    await stage.advance(300 * HOUR_MS);
    expect(stage.fed.state.servers.size).toBe(2);
  });

  it('gives up addresses at which nobody ever answered', async () => {
    const stage = new Stage();
    stage.feed({ kind: 'targets-added', targets: [{ address: addressOf('typo'), origin: 'seed' }] });
    await stage.advance(2 * HOUR_MS + 2 * MINUTE_MS);
    expect(stage.fed.state.targets.size).toBe(0);
  });

  it('keeps pictures of the topologies at their interval', async () => {
    const stage = new Stage({ recordTopologiesMs: HOUR_MS });
    await stage.advance(3 * HOUR_MS);
    expect(stage.fed.state.history.length).toBeGreaterThanOrEqual(3);
    expect(stage.fed.state.history.length).toBeLessThanOrEqual(4);
  });

  it('forgets history when it is as old as configured, an hour of it at a time, and then is quiet', async () => {
    const stage = new Stage({ keepHistoryMs: 24 * HOUR_MS });
    for (const enabled of [false, true]) stage.feed({ kind: 'recoveries-switched', enabled, by: 'ann' });
    const lines = stage.fed.state.audit.length;
    await stage.advance(24 * HOUR_MS);
    expect(stage.fed.state.audit).toHaveLength(lines);
    await stage.advance(30 * HOUR_MS);
    expect(stage.kinds()).toEqual(['history-purged']);
    expect(stage.fed.state.audit).toHaveLength(1);
  });

  it('does nothing on a follower', async () => {
    const stage = new Stage({ recordTopologiesMs: HOUR_MS });
    stage.term = null;
    stage.dead.add('r');
    await stage.advance(5 * HOUR_MS);
    expect(stage.proposals).toEqual([]);
  });
});
