/** Nodes that answer operators over a real gRPC port, each upon a service that remembers what it was asked; and their callers. */
import {
  Client,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type ApiServer, createApiServer } from '../../../../src/adapters/grpc/api-server.js';
import type { WayToLeader } from '../../../../src/adapters/grpc/pass-on.js';
import { type IdentityOf, recoveriesDoor } from '../../../../src/app/compose/recoveries-door.js';
import { FakeService } from '../../http/fake-service.js';

/** `me` may do everything, `guest` may look. */
export const identityOf: IdentityOf = (authorization) => {
  if (authorization !== 'me' && authorization !== 'guest') return null;
  return { user: authorization, role: authorization === 'me' ? 'admin' : 'viewer' };
};

export interface Stand {
  readonly service: FakeService;
  readonly address: string;
}

type HandlersOf = (door: ReturnType<typeof recoveriesDoor>, service: FakeService) => UntypedServiceImplementation;

export class Stands {
  readonly #servers: ApiServer[] = [];
  /** Where each passes on what belongs to the leader. */
  leader: string | null = null;

  async open(definition: ServiceDefinition, handlersOf: HandlersOf): Promise<Stand> {
    const service = new FakeService();
    const way: WayToLeader = {
      nodeId: 'n1',
      credentials: credentials.createInsecure(),
      leaderAddress: () => this.leader,
    };
    const door = recoveriesDoor({ service, way, identityOf, defaultPort: () => 3306 });
    const server = createApiServer({ listenAddress: '127.0.0.1:0' });
    server.register(definition, handlersOf(door, service));
    this.#servers.push(server);
    const { address } = await server.start();
    return { service, address };
  }

  async close(): Promise<void> {
    this.leader = null;
    await Promise.all(this.#servers.splice(0).map((server) => server.close()));
  }
}

/** One call on a connection of its own, in the name of whom `authorization` says. */
export function calledAt<Request>(
  address: string,
  { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, object>,
  request: Request,
  authorization: string,
): Promise<unknown> {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error, response) => {
      client.close();
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}
