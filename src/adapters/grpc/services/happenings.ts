/** The Happenings service of proto/orchestrator.proto: a stream as fast as its reader takes it, with nothing queued here. */
import {
  type MethodDefinition,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Happening, Happenings, HappeningWatch } from '../../../runtime/ports/happenings.js';
import { loadService } from '../proto-service.js';

const TAKE_MAX = 128;
/** Of one node, all callers together. */
const STREAMS_MAX = 256;

export interface WireWatchHappeningsRequest {
  readonly after: string;
}

export interface HappeningsService {
  readonly Watch: MethodDefinition<WireWatchHappeningsRequest, Happening>;
}

export interface HappeningsDoor {
  readonly happenings: Happenings;
  /** May who sent this `authorization` look? */
  mayLook(authorization: string | undefined): boolean;
}

export function loadHappeningsService(): HappeningsService & ServiceDefinition {
  return loadService<HappeningsService>('clients', 'Happenings', ['Watch']);
}

type Call = ServerWritableStream<WireWatchHappeningsRequest, Happening>;

export function happeningsHandlers(door: HappeningsDoor): UntypedServiceImplementation {
  return {
    Watch: (call: Call) => {
      const [authorization] = call.metadata.get('authorization');
      if (!door.mayLook(authorization === undefined ? undefined : String(authorization))) {
        refuse(call, status.PERMISSION_DENIED, 'this node lets you not look: see AuthenticationMethod');
      } else if (door.happenings.watchers >= STREAMS_MAX) {
        refuse(call, status.RESOURCE_EXHAUSTED, 'too many follow this node already; ask another node');
      } else serve(call, door.happenings);
    },
  };
}

function refuse(call: Call, code: status, details: string): void {
  call.emit('error', { code, details });
}

function serve(call: Call, happenings: Happenings): void {
  let watch: HappeningWatch | null = null;
  let isBusy = false;
  const pump = (): void => {
    while (watch !== null && !isBusy) {
      const taken = watch.take(TAKE_MAX);
      if (taken.length === 0) return;
      for (const happening of taken) isBusy = !call.write(happening) || isBusy;
    }
  };
  const leave = (): void => {
    watch?.close();
    watch = null;
  };
  call.on('drain', () => {
    isBusy = false;
    pump();
  });
  call.on('cancelled', leave);
  call.on('close', leave);
  call.on('error', leave);
  watch = happenings.watch(call.request.after, pump);
  pump();
}
