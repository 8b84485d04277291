/** The weather of one run, drawn from its seed: some runs are calm so that others' storms are not all there is. */
import type { Rng } from '../../../src/core/base/rng.js';
import type { RaftOptions } from '../../../src/core/raft/options.js';
import { DEFAULT_RAFT_OPTIONS } from '../../../src/core/raft/options.js';

export const FAULT_KINDS = [
  ...(['heal', 'crash', 'crashLeader', 'bounce', 'pause', 'leap'] as const),
  ...(['cutCable', 'cutPair', 'deafen', 'split', 'breakStream'] as const),
  ...(['failDisk', 'slowDisk', 'damageDisk', 'loseDisk'] as const),
  ...(['transfer', 'transferToSleeper', 'changeMembership'] as const),
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Profile {
  readonly voters: number;
  /** Servers that take no part at first and may be added. */
  readonly spares: number;
  readonly durationMs: number;
  readonly lossShare: number;
  readonly duplicateShare: number;
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  /** Messages of one link keep their order, as on a stream. */
  readonly inOrder: boolean;
  readonly syncMsMax: number;
  /** Messages that take half a second more, where order is not kept. */
  readonly strayShare: number;
  /** Chance of dying at each boundary of a Ready; many times that where a term or a vote is being written. */
  readonly crashShare: number;
  /** Mean time between two faults. */
  readonly faultEveryMs: number;
  /** How likely each fault is, against the others. */
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** How many of the new leaders are killed at once. */
  readonly huntShare: number;
  readonly clients: number;
  readonly clientPauseMs: number;
  readonly snapshotEvery: number;
  readonly fetchMsMax: number;
  /** Clocks differ by at most this share; the drift allowance of the lease covers it. */
  readonly drift: number;
  /**
   * Disks may lose synced entries. A node that did waits for a leader before it votes again, so no membership may hang on
   * its vote: with damage, none has fewer than three voters.
   */
  readonly damage: boolean;
  readonly options: Omit<RaftOptions, 'id'>;
}

export function drawProfile(rng: Rng): Profile {
  const between = (low: number, high: number): number => low + (high - low) * rng.next();
  const oneOf = <T>(...choices: [T, ...T[]]): T => choices[rng.integer(choices.length)] ?? choices[0];
  const promiseMs = oneOf(20, 100, 250);
  const delayMsMin = oneOf(0.1, 0.5, 2);
  return {
    voters: oneOf(3, 3, 5),
    spares: oneOf(0, 1, 2),
    durationMs: between(2_000, 6_000),
    lossShare: oneOf(0, 0, 0.01, 0.05, 0.2),
    duplicateShare: oneOf(0, 0.01, 0.1),
    delayMsMin,
    delayMsMax: delayMsMin + oneOf(0.5, 5, 25, 60),
    inOrder: oneOf(true, false),
    strayShare: oneOf(0, 0.01, 0.05),
    syncMsMax: oneOf(0.5, 5, 40),
    faultEveryMs: oneOf(50, 100, 200, 600),
    faults: drawFaults(rng),
    huntShare: oneOf(0, 0, 0.8),
    clients: 1 + rng.integer(6),
    clientPauseMs: oneOf(1, 10, 50, 200),
    crashShare: oneOf(0, 0.0005, 0.003, 0.015),
    snapshotEvery: oneOf(5, 20, 100, 1000),
    fetchMsMax: oneOf(20, 200, 1500),
    drift: oneOf(0, 0.01, 0.045),
    damage: rng.next() < 0.5,
    options: {
      ...DEFAULT_RAFT_OPTIONS,
      electionTimeoutMs: oneOf(250, 400),
      heartbeatIntervalMs: oneOf(50, 100),
      // Long promises leave more room in which to break them; short ones cover up less of what else is wrong.
      promiseMs,
      driftAllowanceMs: promiseMs / 10,
      maxInflightMessages: oneOf(1, 4, 32),
      maxMessageBytes: oneOf(1, 64, 1024, 64 * 1024),
      maxUncommittedBytes: oneOf(2_000, 1_000_000),
      leaseReads: oneOf(false, true),
    },
  };
}

/** Each run has its own mixture: what takes three of a kind to go wrong hardly ever happens when all kinds are equal. */
function drawFaults(rng: Rng): Record<FaultKind, number> {
  const weights = FAULT_KINDS.map((kind) => [kind, [0, 0, 0.3, 1, 3][rng.integer(5)] ?? 0] as const);
  return { ...(Object.fromEntries(weights) as Record<FaultKind, number>), heal: 2 };
}
