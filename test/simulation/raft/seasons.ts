/**
 * Seasons: weather in which one kind of trouble comes thick and fast. A mixture of everything seldom gets to the end of a
 * chain of four misfortunes of one kind; half of all runs are therefore in a season. The plants name the season in which
 * they show soonest.
 */
import { FAULT_KINDS } from './profile.js';
import type { FaultKind, Profile } from './profile.js';

type Weather = Partial<Omit<Profile, 'options' | 'faults'>> & {
  readonly faults: Partial<Record<FaultKind, number>>;
  readonly options: Partial<Profile['options']>;
};

const SHORT_PROMISE = { promiseMs: 20, driftAllowanceMs: 2, electionTimeoutMs: 250 };
const LONG_PROMISE = { promiseMs: 250, driftAllowanceMs: 25, electionTimeoutMs: 250 };

const SEASONS_TABLE = {
  /** Leaders die as soon as they lead, entry by entry: Raft paper figure 8. */
  hunt: {
    ...{ voters: 3, spares: 0, huntShare: 0.9, clientPauseMs: 200, faultEveryMs: 500, crashShare: 0 },
    ...{ lossShare: 0, delayMsMin: 2, delayMsMax: 20 },
    faults: { heal: 2 },
    options: { ...SHORT_PROMISE, maxMessageBytes: 1, maxInflightMessages: 1, heartbeatIntervalMs: 100 },
  },
  /** Voters die and are back at once, and ask what they have promised. */
  bounce: {
    ...{ voters: 3, spares: 0, huntShare: 0, clientPauseMs: 200, faultEveryMs: 70, crashShare: 0, syncMsMax: 0.5 },
    ...{ delayMsMin: 0.5, delayMsMax: 5 },
    faults: { heal: 1, bounce: 3, cutPair: 2 },
    options: { ...LONG_PROMISE, heartbeatIntervalMs: 100 },
  },
  /** Everybody stands at once and nobody remembers: the last vote is on its way for long. */
  ballots: {
    ...{ voters: 3, spares: 0, huntShare: 0, clientPauseMs: 50, faultEveryMs: 60, crashShare: 0.015 },
    ...{ lossShare: 0, strayShare: 0.1, inOrder: false, delayMsMin: 0.5, delayMsMax: 30, duplicateShare: 0.1 },
    faults: { heal: 1, bounce: 3, crashLeader: 2, breakStream: 3 },
    options: SHORT_PROMISE,
  },
  /** Cut cables that look like dead leaders. */
  cables: {
    ...{ huntShare: 0, faultEveryMs: 100, crashShare: 0, lossShare: 0, syncMsMax: 0.5 },
    faults: { heal: 2, cutCable: 4, cutPair: 2, split: 1, breakStream: 1, deafen: 1, pause: 1 },
    options: LONG_PROMISE,
  },
  changes: {
    ...{ spares: 2, faultEveryMs: 60, clientPauseMs: 20, damage: false },
    faults: { heal: 2, changeMembership: 6, split: 3, cutCable: 1, crashLeader: 1, crash: 1 },
    options: { ...SHORT_PROMISE, heartbeatIntervalMs: 50 },
  },
  snapshots: {
    ...{ snapshotEvery: 2, fetchMsMax: 1500, faultEveryMs: 60, clientPauseMs: 20, huntShare: 0, clients: 2 },
    faults: { heal: 4, cutPair: 3, deafen: 2, bounce: 1, transfer: 3, failDisk: 1 },
    options: { ...SHORT_PROMISE, maxInflightMessages: 4 },
  },
  transfers: {
    ...{ faultEveryMs: 60, huntShare: 0, crashShare: 0, syncMsMax: 0.5, strayShare: 0.05 },
    faults: { heal: 2, transfer: 3, transferToSleeper: 4, cutPair: 1, pause: 1 },
    options: LONG_PROMISE,
  },
  disks: {
    ...{ damage: true, faultEveryMs: 100, syncMsMax: 40, clientPauseMs: 10 },
    faults: { heal: 2, damageDisk: 3, loseDisk: 2, failDisk: 3, slowDisk: 3, crashLeader: 3, bounce: 1, cutCable: 1 },
    options: SHORT_PROMISE,
  },
  /** A voter comes back with an empty disk, and the first it hears may be a leader that has been replaced. */
  amnesia: {
    ...{ voters: 3, spares: 0, damage: true, faultEveryMs: 40, syncMsMax: 0.5, clientPauseMs: 10, huntShare: 0 },
    ...{ crashShare: 0, lossShare: 0, delayMsMin: 0.1, delayMsMax: 3, strayShare: 0.02, inOrder: false },
    faults: { heal: 2, loseDisk: 3, cutCable: 3, cutPair: 3, pause: 2 },
    options: { ...SHORT_PROMISE, electionTimeoutMs: 400 },
  },
} as const satisfies Record<string, Weather>;

export type Season = keyof typeof SEASONS_TABLE;

export const SEASONS: readonly Season[] = Object.keys(SEASONS_TABLE) as Season[];

export function inSeason(profile: Profile, season: Season): Profile {
  const weather: Weather = SEASONS_TABLE[season];
  const none = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  return {
    ...profile,
    ...weather,
    faults: { ...none, ...weather.faults },
    options: { ...profile.options, ...weather.options },
  };
}
