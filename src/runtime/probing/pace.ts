/** How often, how long and how many at a time: the pace of the probing and its bounds, each with its reason. */
export interface ProbingPace {
  /** InstancePollSeconds. */
  readonly pollMs: number;
  /** MySQLDiscoveryReadTimeoutSeconds: how long one probe may take. */
  readonly probeTimeoutMs: number;
  /** DiscoveryMaxConcurrency: probes of servers that answer. */
  readonly concurrencyMax: number;
  /** Probes of servers that do not answer; they hold their place until the time-out, so they get a queue of their own. */
  readonly deadConcurrencyMax: number;
  /** A probe that takes longer counts among those of the dead from then on, where there is room. */
  readonly slowMs: number;
  /** Probes that somebody waits for; they start at once, beside the queues. */
  readonly urgentConcurrencyMax: number;
  /** DeadInstancePollSecondsMultiplyFactor: 1 is no back-off. */
  readonly deadFactor: number;
  /** DeadInstancePollSecondsMax. */
  readonly deadPollMaxMs: number;
  /** Another address of a known server is only checked now and then: does it still lead there? */
  readonly aliasPollMs: number;
  /** An address that never answered (a mistyped seed, a consumer of binary logs that looks like a replica). */
  readonly strangerPollMaxMs: number;
  /** Observations of this long are committed together. */
  readonly gatherMs: number;
  /** In one entry of the log. */
  readonly observationsMax: number;
}

export const DEFAULT_PACE: ProbingPace = {
  pollMs: 5_000,
  probeTimeoutMs: 10_000,
  concurrencyMax: 300,
  deadConcurrencyMax: 100,
  slowMs: 500,
  urgentConcurrencyMax: 64,
  deadFactor: 1,
  deadPollMaxMs: 300_000,
  aliasPollMs: 60_000,
  strangerPollMaxMs: 10_000,
  gatherMs: 10,
  observationsMax: 200,
};
