/** The doors of a node: HTTP with the page, and the gRPC port that clients and the other nodes share. */
import { fileURLToPath } from 'node:url';
import { loadKeyValueService } from '../../adapters/grpc/api-proto.js';
import { type ApiServer, createApiServer } from '../../adapters/grpc/api-server.js';
import { happeningsHandlers, loadHappeningsService } from '../../adapters/grpc/happenings-handlers.js';
import { keyValueHandlers } from '../../adapters/grpc/key-value-handlers.js';
import { type MembershipDoor, membershipHandlers } from '../../adapters/grpc/membership-handlers.js';
import { loadMembershipService } from '../../adapters/grpc/membership-wire.js';
import { loadRecoveriesService, recoveriesHandlers } from '../../adapters/grpc/recoveries-service.js';
import { clusterByHint } from '../../core/topology/cluster-hint.js';
import { registerPeersService } from '../../adapters/grpc/peers-server.js';
import { allows, createAuthorizer } from '../../adapters/http/authorization.js';
import { type Authentication, createHttpServer, type HttpServer } from '../../adapters/http/server.js';
import { LentEyes } from '../../runtime/diagnosis/lent-eyes.js';
import { PACE } from '../../runtime/diagnosis/limits.js';
import { systemClock } from '../../runtime/ports/clock.js';
import type { Config, HttpConfig } from '../config/config.js';
import type { Log } from '../log.js';
import type { MysqlSide } from './mysql.js';
import type { ComposedNode } from './node.js';
import { listenText, type RaftSide } from './raft.js';

/** Beside the compiled program; the HTTP adapter says so when it was not built. */
const WEB_ROOT = fileURLToPath(new URL('../../web', import.meta.url));

export interface Doors {
  /** The gRPC port first: the other nodes ask there. Rejects when a port cannot be had. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function openDoors(config: Config, log: Log, raft: RaftSide, mysql: MysqlSide, node: ComposedNode): Doors {
  const http = openHttp(config.http, log, node);
  const api = openApi(config, raft, mysql, node);
  return {
    start: async () => {
      await api.start();
      await http.start();
    },
    stop: async () => {
      await http.stop();
      await api.close();
    },
  };
}

function openHttp(config: HttpConfig, log: Log, { service, membership, happenings }: ComposedNode): HttpServer {
  return createHttpServer({
    service,
    membership,
    happenings,
    settings: {
      urlPrefix: config.urlPrefix,
      statusEndpoint: config.statusEndpoint,
      readOnly: config.readOnly,
      authentication: authenticationOf(config),
    },
    listen: config.listen,
    webRoot: WEB_ROOT,
    log,
  });
}

function authenticationOf({ authentication }: HttpConfig): Authentication {
  if (authentication.method === 'none') return authentication;
  return { method: 'basic', user: authentication.user, password: authentication.password.reveal() };
}

/** Whoever may do it over HTTP may do it over gRPC: the same user, the same password. */
function membershipDoor(
  config: Config,
  { consensus, credentials, self }: RaftSide,
  node: ComposedNode,
): MembershipDoor {
  const authorizer = createAuthorizer(authenticationOf(config.http), config.http.readOnly);
  return {
    nodeId: self.nodeId,
    membership: node.membership,
    clock: systemClock,
    credentials: credentials.client,
    leaderAddress: () => {
      const { leader } = consensus.leadership();
      return leader === null || leader === self.nodeId ? null : (consensus.peers().get(leader)?.grpcAddress ?? null);
    },
    rights: (authorization) => {
      const identity = authorizer({ authorization });
      return { look: identity !== null, change: identity !== null && allows(identity, 'admin') };
    },
  };
}

function openApi(config: Config, raft: RaftSide, mysql: MysqlSide, node: ComposedNode): ApiServer {
  const api = createApiServer({
    listenAddress: listenText(config.grpc.listen),
    credentials: raft.credentials.server,
  });
  api.register(loadKeyValueService(), keyValueHandlers(node.keyValue, systemClock));
  const door = membershipDoor(config, raft, node);
  const mayLook = (authorization: string | undefined): boolean => door.rights(authorization).look;
  api.register(loadMembershipService(), membershipHandlers(door));
  api.register(loadHappeningsService(), happeningsHandlers({ happenings: node.happenings, mayLook }));
  api.register(
    loadRecoveriesService(),
    recoveriesHandlers({
      clusterOf: (hint) => clusterByHint(node.service.state, hint, config.mysql.defaultPort),
      explain: (cluster) => node.service.explain(cluster),
      mayLook,
    }),
  );
  const duties = new LentEyes({
    clock: systemClock,
    prober: mysql.prober,
    loop: node.diagnosis,
    knockMs: PACE.knockMs,
  });
  registerPeersService(
    {
      addService: (service, handlers) => {
        api.register(service, handlers);
      },
    },
    { self: raft.self, duties, feed: node.feed },
  );
  return api;
}
