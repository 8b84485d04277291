/** A right to act that a test holds in its hands: it can be taken away, or the proof of it be held back. */
import { OperationalError } from '../../src/runtime/errors.js';
import type { Authority } from '../../src/runtime/ports/mysql.js';

export class TestAuthority implements Authority {
  readonly term = 1;
  /** What the next confirmations wait for. */
  gate: Promise<void> = Promise.resolve();
  confirmed = 0;
  leased = true;

  async confirm(): Promise<void> {
    await this.gate;
    this.confirmed += 1;
  }

  assertLease(): void {
    if (!this.leased) throw new OperationalError('LEASE_LAPSED', 'the lease has lapsed');
  }
}
