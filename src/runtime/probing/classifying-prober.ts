/**
 * A prober whose reports say what their servers are to us. It stands right behind the prober, so that every loop, and every
 * node that is told of a report, hears the same facts.
 */
import { type ClassificationRules, classify } from '../../core/topology/classification.js';
import type { Address } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Prober } from '../ports/mysql.js';

export class ClassifyingProber implements Prober {
  readonly #inner: Prober;
  readonly #rules: ClassificationRules;
  readonly #addressOf: (server: ServerId) => Address | null;

  constructor(inner: Prober, rules: ClassificationRules, addressOf: (server: ServerId) => Address | null) {
    this.#inner = inner;
    this.#rules = rules;
    this.#addressOf = addressOf;
  }

  async probe(address: Address, timeoutMs: number): Promise<ProbeResult> {
    const result = await this.#inner.probe(address, timeoutMs);
    if (!result.ok) return result;
    const { report } = result;
    return { ...result, report: { ...report, facts: classify(report, this.#addressOf(report.id), this.#rules) } };
  }

  knock(address: Address, timeoutMs: number): ReturnType<Prober['knock']> {
    return this.#inner.knock(address, timeoutMs);
  }

  onConnectionLost(listener: (address: Address, reason: string) => void): void {
    this.#inner.onConnectionLost(listener);
  }

  release(address: Address): void {
    this.#inner.release(address);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
