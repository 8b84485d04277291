/** What may not change anything although its caller might: pages of other sites, and callers who ask too often. */
import type { Clock } from '../../../runtime/ports/clock.js';
import type { Arrival } from '../arrival.js';
import { isFromElsewhere } from './cross-site.js';
import { isFromNode } from '../forwarding/forward-proof.js';
import { Pace } from './pace.js';
import { type Reply, refused } from '../reply.js';
import { isCommand, type Route } from '../route.js';

/** Looked up at every request. */
export interface GuardSettings {
  readonly crossSiteWrites?: boolean;
  readonly writesPerSecond?: number;
}

export class Guard {
  readonly #settings: GuardSettings;
  readonly #pace: Pace;
  readonly #founding: () => string | null;

  /** `founding`: of the cluster; null as long as it is not known. */
  constructor(clock: Clock, settings: GuardSettings, founding: () => string | null) {
    this.#settings = settings;
    this.#founding = founding;
    this.#pace = new Pace(clock, () => settings.writesPerSecond ?? 0);
  }

  /** Null: it may go on. */
  refusal(route: Route, { method, headers, client, target }: Arrival): Reply | null {
    if (!isCommand(route) || method === 'HEAD') return null;
    // What a follower passes on was looked at there.
    if (isFromNode(headers, target, this.#founding())) return null;
    if (this.#settings.crossSiteWrites !== true && isFromElsewhere(headers)) {
      const text =
        'This would change something, and a page of another site asked for it: nothing was done. If a script of yours sends ' +
        'Origin, Referer or Sec-Fetch-Site, leave them out, or set AllowCrossSiteWrites';
      return { ...refused(text, null, { 'x-orchestrator-refusal': 'CROSS_SITE' }), status: 403 };
    }
    if (this.#pace.admits(client)) return null;
    const text = `More than ${String(this.#settings.writesPerSecond)} commands a second came from ${client}: this one was not done. Ask more slowly, or raise HTTPWritesPerSecondMax`;
    return { ...refused(text, null, { 'x-orchestrator-refusal': 'TOO_OFTEN', 'retry-after': '1' }), status: 429 };
  }
}
