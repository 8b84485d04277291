/**
 * Fetching a snapshot from a peer, chunk by chunk, on a connection of its own: a hundred megabytes on the stream of the
 * heartbeats would cost the leader its quorum. A chunk that does not come in time ends the transfer; the caller keeps
 * what it has and asks again from there.
 */
import type { ChannelCredentials } from '@grpc/grpc-js';
import { crc32 } from 'node:zlib';
import { OperationalError } from '../../../runtime/errors.js';
import type { Clock } from '../../../runtime/ports/clock.js';
import type { SnapshotChunk } from '../../../runtime/ports/peer-transport.js';
import { introduceCaller, type Self } from './admission.js';
import { PeerChannel } from './channel.js';
import type { PeerService } from './proto.js';
import type { WireSnapshotChunk, WireSnapshotFetch } from './wire.js';

const CHUNK_TIMEOUT_MS = 10_000;
const TRANSFER_TIMEOUT_MS = 30 * 60_000;

export interface SnapshotSource {
  readonly address: string;
  readonly self: Self;
  readonly credentials: ChannelCredentials;
  readonly service: PeerService;
  readonly clock: Clock;
}

export async function* fetchChunks(source: SnapshotSource, wanted: WireSnapshotFetch): AsyncGenerator<SnapshotChunk> {
  const { address, clock } = source;
  const channel = new PeerChannel(address, source.credentials, source.service);
  const call = channel.snapshot(wanted, introduceCaller(source.self), TRANSFER_TIMEOUT_MS);
  const lost = (): void => {
    call.destroy(new Error(`no chunk within ${CHUNK_TIMEOUT_MS} ms`));
  };
  let timer = clock.setTimer(CHUNK_TIMEOUT_MS, lost);
  try {
    let { offset } = wanted;
    for await (const wire of call as AsyncIterable<WireSnapshotChunk>) {
      timer.cancel();
      yield verified(wire, offset, address);
      offset += wire.content.length;
      timer = clock.setTimer(CHUNK_TIMEOUT_MS, lost);
    }
  } catch (error) {
    if (error instanceof OperationalError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new OperationalError(
      'NO_QUORUM',
      `the snapshot at ${wanted.index} did not arrive from ${address}: ${detail}`,
      error,
    );
  } finally {
    timer.cancel();
    call.cancel();
    channel.close();
  }
}

function verified(wire: WireSnapshotChunk, expectedOffset: number, address: string): SnapshotChunk {
  const { offset, totalBytes, content } = wire;
  if (crc32(content) === wire.crc32 && offset === expectedOffset) return { offset, totalBytes, bytes: content };
  throw new OperationalError('NO_QUORUM', `a chunk of the snapshot from ${address} was damaged on its way`);
}
