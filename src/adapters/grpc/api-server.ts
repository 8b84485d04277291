/**
 * The port where clients, and other nodes with something to ask, reach this one over gRPC. It knows no service: each is
 * registered by whoever wires the node, and all share one listener and its limits.
 */
import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { cannotListen } from '../../runtime/ports/listening.js';

/** The largest of our messages is a value, with room for a report about a server. */
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** Calls that are open when the node stops get this long to end. */
const FAREWELL_MS = 1000;

const SERVER_OPTIONS = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  // Of one connection; a client that wants more at once has the Pipeline.
  'grpc.max_concurrent_streams': 1024,
  // A client whose machine died must not hold its watches for ever.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  // Two nodes on one port would answer in turns.
  'grpc.so_reuseport': 0,
  'grpc.enable_channelz': 0,
} as const;

export interface ApiServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly listenAddress: string;
  /** Absent: without TLS. */
  readonly credentials?: ServerCredentials;
  /** Organizational units, of which a caller's certificate has to name one; empty: all. Absent: no certificate is asked for. */
  readonly validUnits?: () => readonly string[];
  /** Cuts secrets out of what is said of failures. */
  readonly conceal?: (text: string) => string;
}

export interface ApiServer {
  /** Before `start`. Two services of one name are a mistake of the program. */
  register(service: ServiceDefinition, handlers: UntypedServiceImplementation): void;
  /** Rejects with CONFIGURATION when the address cannot be had. */
  start(): Promise<{ readonly address: string }>;
  close(): Promise<void>;
}

export function createApiServer({ listenAddress, credentials, validUnits, conceal }: ApiServerOptions): ApiServer {
  const interceptors = [
    ...(conceal === undefined ? [] : [concealment(conceal)]),
    ...(validUnits === undefined ? [] : [unitCheck(validUnits)]),
  ];
  const server = new Server({ ...SERVER_OPTIONS, interceptors });
  return {
    register: (service, handlers) => {
      server.addService(service, handlers);
    },
    start: () => listen(server, listenAddress, credentials ?? ServerCredentials.createInsecure()),
    close: () => end(server),
  };
}

/** What goes wrong is told in the words of servers and libraries, who may quote a statement with a password in it. */
function concealment(conceal: (text: string) => string): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      sendStatus: (given, next) => {
        next({ ...given, details: conceal(given.details) });
      },
    });
}

function unitCheck(validUnits: () => readonly string[]): ServerInterceptor {
  return (_method, call) => {
    // More than one unit comes as a list, whatever the types say.
    const unit: unknown = call.getAuthContext().sslPeerCertificate?.subject.OU;
    const valid = validUnits();
    if (valid.length === 0 || [unit].flat().some((one) => typeof one === 'string' && valid.includes(one)))
      return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: () => {
            call.sendStatus({ code: status.UNAUTHENTICATED, details: 'Invalid OU: see SSLValidOUs' });
          },
        });
      },
    });
  };
}

function listen(server: Server, address: string, credentials: ServerCredentials): Promise<{ address: string }> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve({ address: `${address.slice(0, address.lastIndexOf(':'))}:${port}` });
      else reject(cannotListen('GRPCListenAddress', address, 'the gRPC API', error));
    });
  });
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
    }, FAREWELL_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
