/** The pace of the diagnosis and its bounds, each with its reason. */
import type { PauseLimits } from './pause-watch.js';
import type { WatchPace } from './source-watch.js';

export interface Pace extends WatchPace, PauseLimits {
  /** A greeting comes within milliseconds from a server that is well, and within this from one at the other end of the world. */
  readonly knockMs: number;
  /** The same, and the way to the peer and back. */
  readonly examineMs: number;
  /** Until when (age of the inquiry) rounds follow each other in which distance. The last one holds from then on. */
  readonly rounds: readonly { readonly untilAgeMs: number; readonly everyMs: number }[];
  /** Somebody reaches the server: nothing is urgent, and it must not be knocked at all day at full pace. */
  readonly calmRoundMs: number;
  /** Findings that nothing urgent depends on are gathered for this long. */
  readonly gatherMs: number;
  /** Ages in the reasons grow and looks get stale although nothing happens. */
  readonly tickMs: number;
  /** Emergencies at a time; more wait. When a data centre goes, everything in it is suspected at once. */
  readonly inquiriesMax: number;
  /** A follower tells the leader of one server at most this often. */
  readonly reportGapMs: number;
  /** An incident's code is committed anew at most this often: a verdict that wavers must not fill the log. */
  readonly sharpenMs: number;
}

export const PACE: Pace = {
  knockMs: 500,
  examineMs: 700,
  replicaProbeMs: 1000,
  // A frozen primary is to be declared dead within about two seconds, so it must be noticed within one.
  watchMs: 1000,
  // A look costs 0.3 to 1.2 ms of CPU here: this is a fifth of a core at most.
  watchesPerSecondMax: 200,
  lateMs: 300,
  rounds: [
    // A killed server is declared dead in the first rounds; what the first one saw too early, the next one sees.
    { untilAgeMs: 1000, everyMs: 50 },
    { untilAgeMs: 5000, everyMs: 100 },
    { untilAgeMs: 30_000, everyMs: 250 },
    // By now it is an outage that waits for people; twice within the life of an opinion is enough to keep the verdict.
    { untilAgeMs: Number.POSITIVE_INFINITY, everyMs: 2000 },
  ],
  calmRoundMs: 1000,
  gatherMs: 250,
  tickMs: 1000,
  inquiriesMax: 128,
  reportGapMs: 250,
  pauseMs: 500,
  pauseCheckMs: 100,
  sharpenMs: 1000,
};
