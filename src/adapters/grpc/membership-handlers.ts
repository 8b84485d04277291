/**
 * The Membership service at the door. A change belongs to the leader: a node that does not lead passes the call on to it
 * once, with the caller's own credentials, and so does a leader that gave leadership away first. A call that was passed on
 * goes no further.
 */
import {
  type ChannelCredentials,
  Client,
  Metadata,
  type sendUnaryData,
  type ServerUnaryCall,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { NotLeader } from '../../runtime/ports/consensus-errors.js';
import type { Clock } from '../../runtime/ports/clock.js';
import type { ClusterMembership } from '../../runtime/ports/membership.js';
import { statusOf } from './api-status.js';
import { PASSED_ON } from './key-value-handlers.js';
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

const WAIT_MS = 60_000;
const WAIT_MS_MAX = 120_000;
const SNAPSHOT_MS = 60_000;
/** For the way to the leader and back. */
const WAY_MS = 5000;
const AUTHORIZATION = 'authorization';

export interface MembershipDoor {
  readonly nodeId: string;
  readonly membership: ClusterMembership;
  readonly clock: Clock;
  readonly credentials: ChannelCredentials;
  /** Of the node that leads now; null: nobody does, or it has not said where it is. */
  leaderAddress(): string | null;
  /** Whether who sent this `authorization` may look, and whether they may change something. */
  rights(authorization: string | undefined): { readonly look: boolean; readonly change: boolean };
}

type ChangeCall = ServerUnaryCall<WireChangeRequest, WireChangeResponse>;
type Failure = Parameters<sendUnaryData<unknown>>[0];

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

/** What a call is answered with instead. */
class Declined extends Error {
  override readonly name = 'Declined';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super('declined');
    this.failure = failure;
  }
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
    const isLast = call.metadata.get(PASSED_ON).length > 0;
    if (!(error instanceof NotLeader) || isLast || address === null) throw error;
    return await passOn(door, address, name, call, deadlineMs - clock.nowMs() + WAY_MS);
  }
}

function passOn(
  { nodeId, credentials }: MembershipDoor,
  address: string,
  name: ChangeName,
  call: ChangeCall,
  timeoutMs: number,
): Promise<WireChangeResponse> {
  const client = new Client(address, credentials, { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0 });
  const metadata = new Metadata();
  metadata.set(PASSED_ON, nodeId);
  for (const value of call.metadata.get(AUTHORIZATION)) metadata.set(AUTHORIZATION, value);
  const { path, requestSerialize, responseDeserialize } = loadMembershipService()[name];
  const options = { deadline: Date.now() + timeoutMs };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      call.request,
      metadata,
      options,
      (error, response) => {
        client.close();
        if (response !== undefined) resolve(response);
        else reject(new Declined(error));
      },
    );
  });
}
