/** Headers that every answer carries, and those that tell how old a read is. */
import type { Clock } from '../../runtime/ports/clock.js';
import type { Service } from '../../runtime/ports/service.js';

/** The page is ours to the last byte: nothing from elsewhere may run in it, frame it, or be sent to by it. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

export const IN_QUORUM = 'x-orchestrator-in-quorum';

/** On every answer of a node that is cut off, the page and the figures included: what it says may be old news. */
export const OUT_OF_QUORUM: Readonly<Record<string, string>> = { [IN_QUORUM]: 'false' };

/**
 * How old may this node's state be? While it is part of a quorum it hears of every entry within a heartbeat, and the age is
 * 0; cut off, it grows from the moment the node last was.
 */
export class StateAge {
  readonly #service: Service;
  readonly #clock: Clock;
  #lastInQuorumMs: number | null = null;

  constructor(service: Service, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
  }

  headers(): Record<string, string> {
    const node = this.#service.node();
    const headers: Record<string, string> = {
      'x-orchestrator-node': node.id,
      'x-orchestrator-applied-index': String(node.appliedIndex),
      [IN_QUORUM]: String(node.inQuorum),
    };
    const age = this.#ageMs(node.inQuorum);
    headers['x-orchestrator-state-age-ms'] = age === null ? 'unknown' : String(Math.round(age));
    return headers;
  }

  /** To be called now and then, or an age would count from the last request instead of the last quorum. */
  observe(): void {
    this.#ageMs(this.#service.node().inQuorum);
  }

  #ageMs(inQuorum: boolean): number | null {
    const nowMs = this.#clock.nowMs();
    if (inQuorum) this.#lastInQuorumMs = nowMs;
    return this.#lastInQuorumMs === null ? null : nowMs - this.#lastInQuorumMs;
  }
}
