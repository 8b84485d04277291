/** Asks who is at an address, for the main thread. */
import { OperationalError } from '../errors.js';
import type { PeerTransport } from '../ports/peer-transport.js';
import type { Call, CallResult } from './protocol.js';

export async function meet(
  transport: PeerTransport,
  { address, timeoutMs }: Extract<Call, { method: 'meet' }>,
): Promise<CallResult> {
  try {
    return { ok: true, value: await transport.meet(address, timeoutMs) };
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    const { code, message } = error;
    return { ok: false, error: { code, message, leader: null } };
  }
}
