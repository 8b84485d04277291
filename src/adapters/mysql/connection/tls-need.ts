/**
 * Which servers insist on TLS, learnt by trying plain first and remembered for a while (the incumbent's
 * MySQLTopologyUseMixedTLS and TLSCacheTTLFactor).
 */
import { type Address, addressText } from '../../../core/topology/address.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import type { TlsSettings } from './dial.js';
import { LinkFailed } from './failure.js';

/** 1045 too: an account created with REQUIRE SSL is refused like a wrong password when it comes in plain. */
const PERHAPS_TLS = new Set(['1045', '3159']);

/** A server with which TLS could not be had is not asked twice at each probe: it would count twice against a locked account. */
const NO_TLS_MS = 60_000;

const MAX_SERVERS = 20_000;

export class TlsNeed {
  readonly #mode: TlsSettings['mode'];
  readonly #memoryMs: number;
  readonly #nowMs: () => number;
  readonly #memory = new Map<string, { readonly tls: boolean; readonly untilMs: number; readonly trouble: string }>();

  constructor(mode: TlsSettings['mode'], memoryMs: number, nowMs: () => number = monotonicNowMs) {
    this.#mode = mode;
    this.#memoryMs = memoryMs;
    this.#nowMs = nowMs;
  }

  wants(address: Address): boolean {
    if (this.#mode !== 'where-required') return this.#mode === 'always';
    return this.#fresh(address)?.tls ?? false;
  }

  /** Whether a plain connection that failed so is worth another try with TLS. */
  worthTrying(address: Address, triedTls: boolean, error: unknown): boolean {
    if (triedTls || this.#mode !== 'where-required' || this.#fresh(address) !== null) return false;
    return error instanceof LinkFailed && PERHAPS_TLS.has(error.failure.code);
  }

  /** What became of TLS after a plain connection was refused; '' where none was tried or it worked. */
  troubleOf(address: Address, plainError: unknown): string {
    const asksForTls = plainError instanceof LinkFailed && PERHAPS_TLS.has(plainError.failure.code);
    return asksForTls ? (this.#fresh(address)?.trouble ?? '') : '';
  }

  /** TLS works up to MySQL's word, be it a refusal: an account that does not need TLS gets in so too, with one attempt. */
  works(address: Address): void {
    this.#remember(address, true, this.#memoryMs, '');
  }

  fails(address: Address, trouble: string): void {
    this.#remember(address, false, NO_TLS_MS, trouble);
  }

  #remember(address: Address, tls: boolean, forMs: number, trouble: string): void {
    if (this.#memory.size >= MAX_SERVERS) this.#memory.clear();
    this.#memory.set(addressText(address), { tls, untilMs: this.#nowMs() + forMs, trouble });
  }

  #fresh(address: Address): { readonly tls: boolean; readonly trouble: string } | null {
    const memory = this.#memory.get(addressText(address));
    return memory !== undefined && memory.untilMs > this.#nowMs() ? memory : null;
  }
}
