/** The listening end of a watch: one stream on the connection that questions to this peer use as well. */
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { Watch, WatchListener } from '../../../runtime/ports/peers.js';
import { fromWireFrame, type WireWatchRequest, type WireWatchResponse } from './watch-convert.js';

export type WatchStream = ClientDuplexStream<WireWatchRequest, WireWatchResponse>;

/** It has no deadline: whoever listens ends a watch over which no ping is answered. */
export function listenTo(stream: WatchStream, listener: WatchListener, onOver: () => void): Watch {
  let isOver = false;
  const over = (): boolean => {
    if (isOver) return false;
    isOver = true;
    onOver();
    return true;
  };
  stream.on('data', (wire: WireWatchResponse) => {
    if (!isOver) listener.onFrame(fromWireFrame(wire));
  });
  // An error follows the cancellation of a call of our own, too; without a listener it would end the process.
  stream.on('error', (error: ServiceError) => {
    if (over()) listener.onEnded(error.details);
  });
  stream.on('end', () => {
    if (over()) listener.onEnded('it ended the watch');
  });
  return {
    ping: (sentAtMs) => {
      if (!isOver) stream.write({ sentAtMs });
    },
    close: () => {
      if (over()) stream.cancel();
    },
  };
}
