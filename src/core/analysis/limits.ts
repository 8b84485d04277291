/**
 * How long is too long: the limits by which silence becomes evidence, each with its reason. They are arguments of the
 * functions that judge, so that a cluster may be given others and a test may look at their borders.
 */
export interface JudgementLimits {
  /** A majority that gets no answer calls it death only after nobody had a sign of life for this long. */
  readonly silenceMs: number;
  /** The same for a majority that is refused: the grace given to a primary that is being restarted. */
  readonly refusalMs: number;
  /** A suspicion younger than this is not yet worth telling: most are over with the first answer. */
  readonly settleMs: number;
  /** A replica that missed this many heartbeats in a row has lost its source ... */
  readonly heartbeatsMissed: number;
  /** ... but never in less than this, however short the interval is. */
  readonly heartbeatFloorMs: number;
  /** An IO thread that has been connecting for longer has nobody to connect to. */
  readonly connectingMs: number;
  /** Older opinions are none. Longer than the slowest pace of asking plus the time that a silent look takes. */
  readonly opinionLifeMs: number;
  /** A heartbeat that would settle the question within this is waited for before a canary is touched. */
  readonly canaryPatienceMs: number;
}

export const JUDGEMENT_LIMITS: JudgementLimits = {
  // Longer than a lost SYN and its first repetition (1 s), which together look like silence and are none.
  silenceMs: 1000,
  // Nothing listens: the process is gone. Waiting for a restart is a choice that a cluster has to make.
  refusalMs: 0,
  // A reset connection to a healthy server is answered by the next knock within milliseconds; a person need not hear of it.
  settleMs: 300,
  // One may be delayed by a busy disk; the replica itself gives up after two (replica_net_timeout).
  heartbeatsMissed: 2,
  // A pause of the garbage collector, a slow fsync: all shorter than this on a server that still serves anyone.
  heartbeatFloorMs: 1000,
  // A handshake takes milliseconds even across continents. Measured: with a frozen source it stays "Connecting" until a time-out of a minute.
  connectingMs: 1000,
  opinionLifeMs: 6000,
  canaryPatienceMs: 1000,
};

/** What the catalogue takes from the configuration. */
export interface DiagnosisSettings {
  readonly reasonableLagSeconds: number;
  /** A look older than this says nothing about now, good or bad. */
  readonly staleSightMs: number;
  /** A primary that waits for acknowledgements is locked when its binary log stood still for this long. */
  readonly lockedSemiSyncMs: number;
  readonly enforceExactSemiSyncReplicas: boolean;
  readonly recoverNonWriteablePrimary: boolean;
}
