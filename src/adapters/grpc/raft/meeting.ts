/** Asking whoever listens at an address who it is. On a connection of its own: the answer may be that it is nobody we know. */
import type { ChannelCredentials } from '@grpc/grpc-js';
import { OperationalError } from '../../../runtime/errors.js';
import type { Greeting } from '../../../runtime/ports/peer-transport.js';
import { PeerChannel } from './channel.js';
import { fromWireIntroduction } from './convert.js';
import { loadPeerService, type PeerService } from './proto.js';
import { loadCredentials, type PeerTls } from './tls.js';

/** Rejects with DEADLINE when nobody answers in time, with CONFIGURATION when it is no orchestrator. */
export async function meetPeer(
  address: string,
  means: { readonly credentials: ChannelCredentials; readonly service: PeerService },
  timeoutMs: number,
): Promise<Greeting> {
  const channel = new PeerChannel(address, means.credentials, means.service);
  try {
    const { clusterId, introduction } = await channel.meet(timeoutMs);
    const known = introduction === null ? null : fromWireIntroduction(introduction);
    if (known !== null) return { clusterId, introduction: known };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new OperationalError('DEADLINE', `no orchestrator answers at ${address} (its Raft port): ${detail}`, error);
  } finally {
    channel.close();
  }
  throw new OperationalError('CONFIGURATION', `${address} answers, and does not say which node it is`);
}

/** For whoever is no node yet. */
export async function meetAs(tls: PeerTls | null, address: string, timeoutMs: number): Promise<Greeting> {
  const { client } = await loadCredentials(tls);
  return await meetPeer(address, { credentials: client, service: loadPeerService() }, timeoutMs);
}
