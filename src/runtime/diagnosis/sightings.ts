/** What this node last saw of each address, and for how long each binary log has ended at the same place. Soft state. */
import type { Sight } from '../../core/analysis/sight.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult, ServerReport } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';

interface BinlogEnd {
  readonly file: string;
  readonly position: number;
  readonly sinceMs: number;
}

export class Sightings {
  readonly #byAddress = new Map<string, Sight>();
  readonly #binlogEnds = new Map<ServerId, BinlogEnd>();

  /** Returns what was known before; a result that began before that one is late and changes nothing. */
  record(result: ProbeResult): { readonly before: Sight | null; readonly isNews: boolean } {
    const key = addressText(result.ok ? result.report.address : result.address);
    const before = this.#byAddress.get(key) ?? null;
    if (before !== null && before.last.startedAtMs > result.startedAtMs) return { before, isNews: false };
    this.#byAddress.set(key, { last: result, lastGood: result.ok ? result : (before?.lastGood ?? null) });
    if (result.ok) this.#recordBinlog(result.report, result.finishedAtMs);
    return { before, isNews: true };
  }

  at(address: Address): Sight | null {
    return this.#byAddress.get(addressText(address)) ?? null;
  }

  /** Null without a binary log, or when it was never read. */
  binlogStillMs(server: ServerId, nowMs: number): number | null {
    const end = this.#binlogEnds.get(server);
    return end === undefined ? null : nowMs - end.sinceMs;
  }

  /** Forgets whatever is not asked for any more, so that a long life with changing addresses does not fill the memory. */
  keepOnly(addresses: ReadonlySet<string>, servers: ReadonlySet<ServerId>): void {
    for (const key of this.#byAddress.keys()) if (!addresses.has(key)) this.#byAddress.delete(key);
    for (const id of this.#binlogEnds.keys()) if (!servers.has(id)) this.#binlogEnds.delete(id);
  }

  #recordBinlog(report: ServerReport, atMs: number): void {
    const end = report.vitals.binlog;
    const known = this.#binlogEnds.get(report.id);
    if (end === null) this.#binlogEnds.delete(report.id);
    else if (known?.file !== end.file || known.position !== end.position) {
      this.#binlogEnds.set(report.id, { ...end, sinceMs: atMs });
    }
  }
}
