/** The key-value stores in which clients look for the primary of a cluster. */
import type { Pair } from '../../core/recovery/telling/publication.js';
import type { StepOutcome } from '../../core/recovery/step.js';
import type { ClusterId, ServerId } from '../../core/topology/server.js';

export interface Publishing {
  /** There are stores outside, which may be slow or away. */
  readonly reachesOut: boolean;
  /** This node leads and has applied all that was committed before. */
  lead(): void;
  follow(): void;
  /** Entries were applied. */
  noticeApplied(): void;
  /** Resolves when the stores name this primary, or after a while with what stands in the way; it goes on being tried. */
  published(cluster: ClusterId, primary: ServerId): Promise<StepOutcome>;
  /** Writes what the stores should hold, whether or not they hold it; of one cluster, or of all. On the leader. */
  submit(only: ClusterId | null): Promise<readonly Pair[]>;
}

const nothing = (): void => undefined;

export const NO_PUBLISHING: Publishing = {
  reachesOut: false,
  lead: nothing,
  follow: nothing,
  noticeApplied: nothing,
  published: () => Promise.resolve({ ok: true, findings: {} }),
  submit: () => Promise.resolve([]),
};
