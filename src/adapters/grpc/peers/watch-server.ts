/**
 * The telling end of a watch. The feed decides what is said and when; here a connection that cannot take more is reported
 * to it, so that what waits is the newest look of each server and not a queue of old ones.
 */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { PeerFeed } from '../../../runtime/ports/peers.js';
import { admit, refusal, type Self } from '../raft/admission.js';
import { toWireFrame, type WireWatchRequest, type WireWatchResponse } from './watch-convert.js';

export type WatchCall = ServerDuplexStream<WireWatchRequest, WireWatchResponse>;

export function answerWatch(self: Self, feed: PeerFeed, call: WatchCall): void {
  const admission = admit(self, call.metadata);
  if (!admission.ok) {
    call.emit('error', refusal(admission.reason));
    return;
  }
  let isOver = false;
  const watcher = feed.watched(admission.caller, {
    send: (frame) => !isOver && call.write(toWireFrame(frame)),
  });
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    watcher.gone();
    call.end();
  };
  call.on('data', ({ sentAtMs }: WireWatchRequest) => {
    if (!isOver) watcher.pinged(sentAtMs);
  });
  call.on('drain', () => {
    if (!isOver) watcher.drained();
  });
  call.on('end', end);
  call.on('cancelled', end);
  call.on('error', end);
}
