/**
 * What happens, as it happens, for whoever wants to follow instead of asking again and again: problems that begin, change
 * and end, recoveries and their steps, and who leads. Any node tells it, from what it knows itself.
 */
export type HappeningKind =
  /** What is told from here to `current` is how things stand now; whatever was known before is to be forgotten. */
  | 'reset'
  | 'current'
  | 'problem-began'
  /** It has another name, or nothing is done about it for another reason. */
  | 'problem-changed'
  | 'problem-ended'
  | 'recovery-opened'
  | 'step-began'
  | 'step-ended'
  | 'recovery-closed'
  | 'leader';

/** Flat, so that it reads the same on every wire; what does not belong to a kind is ''. */
export interface Happening {
  /** To go on after it; '' for what only stands between `reset` and `current`. Means something to the node that gave it. */
  readonly id: string;
  /** Wall clock of the node that tells, milliseconds. */
  readonly atMs: number;
  readonly kind: HappeningKind;
  readonly clusterId: string;
  /** `host:port`; of a step the server that it is about. */
  readonly server: string;
  /** Analysis code of a problem or a recovery; of a step its kind. */
  readonly code: string;
  /** A sentence. */
  readonly text: string;
  /** What a problem rests on, and why nothing is done about it. */
  readonly reasons: readonly string[];
  /** Id of the recovery. */
  readonly recovery: string;
  /** Number of the step; 0 when it is about none. */
  readonly step: number;
  /** Id of the node that leads; '' when nobody does. */
  readonly leader: string;
  /** Of a recovery that moves several servers: how many are where they were to go by now, of how many. 0 of others. */
  readonly arrived: number;
  readonly moving: number;
}

export interface HappeningWatch {
  /** The next ones, at most so many; none when there is nothing new, and then `wake` will be called. */
  take(max: number): readonly Happening[];
  close(): void;
}

export interface Happenings {
  /** `after`: the id of the last one that was seen; '' or one that is not remembered begins with how things stand. */
  watch(after: string, wake: () => void): HappeningWatch;
  /** Followers at the moment, of all doors. */
  readonly watchers: number;
}
