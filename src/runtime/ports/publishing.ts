/** The key-value stores in which clients look for the primary of a cluster. */
import type { StepOutcome } from '../../core/recovery/step.js';
import type { ClusterId, ServerId } from '../../core/topology/server.js';

export interface Publishing {
  /** There are stores outside, which may be slow or away. */
  readonly reachesOut: boolean;
  /** Resolves when they name this primary, or after a while with what stands in the way; it goes on being tried. */
  published(cluster: ClusterId, primary: ServerId): Promise<StepOutcome>;
}

export const NO_PUBLISHING: Publishing = {
  reachesOut: false,
  published: () => Promise.resolve({ ok: true, findings: {} }),
};
