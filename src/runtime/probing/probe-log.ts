/**
 * Tells once that a server cannot be probed and why, once when the reason becomes another, and once when it answers again.
 * A wrong password or a mistyped seed is otherwise an empty page without a word.
 */
import { addressText } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Log } from '../ports/log.js';

/** Addresses whose failure is remembered; beyond that, one may be told of twice. */
const REMEMBERED_MAX = 20_000;

export class ProbeLog {
  readonly #log: Log;
  /** DeadInstanceDiscoveryLogsEnabled. */
  readonly #everyFailure: () => boolean;
  /** Why the last probe failed: kind and code, which do not change from one attempt to the next. */
  readonly #failures = new Map<string, string>();

  constructor(log: Log, everyFailure: () => boolean = () => false) {
    this.#log = log;
    this.#everyFailure = everyFailure;
  }

  note(result: ProbeResult): void {
    const server = addressText(result.ok ? result.report.address : result.address);
    const before = this.#failures.get(server);
    if (result.ok) {
      if (before === undefined) return;
      this.#failures.delete(server);
      this.#log.info({ server }, `${server} answers again`);
      return;
    }
    const { kind, code, message } = result.failure;
    const reason = `${kind} ${code}`;
    if (before === reason && !this.#everyFailure()) return;
    if (this.#failures.size >= REMEMBERED_MAX) this.#failures.clear();
    this.#failures.set(server, reason);
    this.#log.warn({ server, vote: kind, code }, `cannot be probed: ${message}`);
  }
}
