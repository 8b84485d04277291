/** One Watch stream: as fast as its reader takes it. Nothing is queued here beyond what the connection itself holds. */
import { Metadata, type ServerWritableStream } from '@grpc/grpc-js';
import type { KeyValue, KeyValueWatch } from '../../../runtime/ports/key-value.js';
import { statusOf } from '../api-status.js';
import { toWireEvent } from './convert.js';
import { refuseBrokenText } from './text.js';
import type { WireWatchEvent, WireWatchRequest } from './wire.js';

const TAKE_MAX = 256;

type Call = ServerWritableStream<WireWatchRequest, WireWatchEvent>;

export function serveWatch(call: Call, keyValue: KeyValue): void {
  let closed = false;
  let watch: KeyValueWatch | null = null;
  const close = (): void => {
    closed = true;
    watch?.close();
  };
  const fail = (error: unknown): void => {
    close();
    call.emit('error', statusOf(error));
  };
  const pump = (): void => {
    try {
      while (!closed && watch !== null) {
        const events = watch.take(TAKE_MAX);
        if (events.length === 0) return;
        let accepted = true;
        for (const event of events) accepted = call.write(toWireEvent(event));
        if (!accepted) {
          call.once('drain', pump);
          return;
        }
      }
    } catch (error) {
      fail(error);
    }
  };
  call.on('cancelled', close);
  call.on('error', close);
  try {
    refuseBrokenText(call.request);
    watch = keyValue.watch(call.request.prefix, call.request.fromRevision, pump);
  } catch (error) {
    fail(error);
    return;
  }
  const header = new Metadata();
  header.set('orchestrator-revision', String(watch.revision));
  call.sendMetadata(header);
  pump();
}
