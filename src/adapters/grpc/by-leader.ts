/** What the leader alone may do: done here if this is the leader, else passed on to it, once. */
import { type MethodDefinition, type ServerUnaryCall, status } from '@grpc/grpc-js';
import { NotLeader } from '../../runtime/ports/consensus-errors.js';
import type { Answer } from '../../runtime/ports/service.js';
import { declined, passOn, wasPassedOn, type WayToLeader } from './pass-on.js';

export async function byLeader<Wire>(
  door: WayToLeader,
  method: MethodDefinition<Wire, object>,
  call: ServerUnaryCall<Wire, object>,
  timeoutMs: number,
  act: () => Promise<object>,
): Promise<object> {
  try {
    return await act();
  } catch (error) {
    const address = door.leaderAddress();
    if (!(error instanceof NotLeader) || wasPassedOn(call) || address === null) throw error;
    return await passOn(door, address, method, call, timeoutMs);
  }
}

/** A refusal is told as one: certainly nothing was done. */
export function accepted<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw declined(status.FAILED_PRECONDITION, answer.refusal.message, answer.refusal.code);
}
