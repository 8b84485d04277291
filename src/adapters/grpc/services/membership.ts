/**
 * The Membership service at the door. A change belongs to the leader: a node that does not lead passes the call on to it
 * once, with the caller's own credentials, and so does a leader that gave leadership away first. A call that was passed on
 * goes no further.
 */
import {
  Metadata,
  type sendUnaryData,
  type ServerUnaryCall,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { NotLeader } from '../../../runtime/ports/consensus-errors.js';
import type { Clock } from '../../../runtime/ports/clock.js';
import type { ClusterMembership } from '../../../runtime/ports/membership.js';
import { statusOf } from '../api-status.js';
import {
  type ChangeName,
  changeOf,
  CHANGES,
  loadMembershipService,
  toWireOutcome,
  toWireStatus,
  type WireChangeRequest,
  type WireChangeResponse,
} from './membership-wire.js';
import { AUTHORIZATION, Declined, passOn, wasPassedOn, type WayToLeader } from '../pass-on.js';

const WAIT_MS = 60_000;
const WAIT_MS_MAX = 120_000;
const SNAPSHOT_MS = 60_000;
/** For the way to the leader and back. */
const WAY_MS = 5000;

export interface MembershipDoor extends WayToLeader {
  readonly membership: ClusterMembership;
  readonly clock: Clock;
  /** Whether who sent this `authorization` may look, and whether they may change something. */
  rights(authorization: string | undefined): { readonly look: boolean; readonly change: boolean };
}

type ChangeCall = ServerUnaryCall<WireChangeRequest, WireChangeResponse>;

export function membershipHandlers(door: MembershipDoor): UntypedServiceImplementation {
  const { membership, clock } = door;
  const look = guarded(door, 'look', async () => toWireStatus(await membership.status()));
  const snapshot = guarded(door, 'change', async () => ({
    index: await membership.snapshot(clock.nowMs() + SNAPSHOT_MS),
  }));
  const changes = CHANGES.map((name) => [
    name,
    guarded(door, 'change', (call) => changeHere(door, name, call as ChangeCall)),
  ]);
  return { Status: look, Snapshot: snapshot, ...Object.fromEntries(changes) } as UntypedServiceImplementation;
}

function guarded(
  door: MembershipDoor,
  right: 'look' | 'change',
  serve: (call: ServerUnaryCall<unknown, unknown>) => Promise<unknown>,
) {
  return (call: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>): void => {
    const [authorization] = call.metadata.get(AUTHORIZATION);
    if (!door.rights(authorization === undefined ? undefined : String(authorization))[right]) {
      answer({
        code: status.PERMISSION_DENIED,
        details: 'this node lets you not do that: see AuthenticationMethod, ReadOnly',
      });
      return;
    }
    serve(call).then(
      (response) => {
        answer(null, response);
      },
      (error: unknown) => {
        answer(error instanceof Declined ? error.failure : statusOf(error));
      },
    );
  };
}

async function changeHere(door: MembershipDoor, name: ChangeName, call: ChangeCall): Promise<WireChangeResponse> {
  const { membership, clock } = door;
  const { waitMs } = call.request;
  const deadlineMs = clock.nowMs() + Math.min(waitMs === 0 ? WAIT_MS : waitMs, WAIT_MS_MAX);
  try {
    const outcome = await membership.change(changeOf(name, call.request), deadlineMs);
    if (outcome.ok) return toWireOutcome(outcome.value);
    const metadata = new Metadata();
    metadata.set('orchestrator-done', 'no');
    metadata.set('orchestrator-code', outcome.refusal.code);
    throw new Declined({ code: status.FAILED_PRECONDITION, details: outcome.refusal.message, metadata });
  } catch (error) {
    const address = door.leaderAddress();
    if (!(error instanceof NotLeader) || wasPassedOn(call) || address === null) throw error;
    return await passOn(door, address, loadMembershipService()[name], call, deadlineMs - clock.nowMs() + WAY_MS);
  }
}
