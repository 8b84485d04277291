/** The doors of a node: HTTP with the page, and the gRPC port that clients and the other nodes share. */
import { loadKeyValueService } from '../../adapters/grpc/key-value/proto.js';
import { type ApiServer, createApiServer } from '../../adapters/grpc/api-server.js';
import { happeningsHandlers, loadHappeningsService } from '../../adapters/grpc/services/happenings.js';
import { keyValueHandlers } from '../../adapters/grpc/key-value/handlers.js';
import { type MembershipDoor, membershipHandlers } from '../../adapters/grpc/services/membership.js';
import { loadMembershipService } from '../../adapters/grpc/services/membership-wire.js';
import { loadMovesService, movesHandlers } from '../../adapters/grpc/services/moves.js';
import { loadRecoveriesService, recoveriesHandlers } from '../../adapters/grpc/services/recoveries.js';
import { loadSwitchesService, switchesHandlers } from '../../adapters/grpc/services/switches.js';
import { loadWaysBackService, waysBackHandlers } from '../../adapters/grpc/services/ways-back.js';
import { registerPeersService } from '../../adapters/grpc/peers/server.js';
import { allows, currentAuthorizer } from '../../adapters/http/access/authorization.js';
import { openRegisters } from '../../adapters/http/access/registers.js';
import type { HttpServer } from '../../adapters/http/server.js';
import { LentEyes } from '../../runtime/diagnosis/lent-eyes.js';
import { PACE } from '../../runtime/diagnosis/limits.js';
import type { Configuration } from '../../runtime/ports/configuration.js';
import { systemClock } from '../../runtime/ports/clock.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';
import { authenticationOf, openHttp } from './http-door.js';
import type { MysqlSide } from './mysql.js';
import type { ComposedNode } from './node.js';
import { type IdentityOf, movesDoor, recoveriesDoor, switchesDoor, waysBackDoor } from './recoveries-door.js';
import { listenText, type RaftSide } from './raft.js';

export interface Doors {
  /** The gRPC port first: the other nodes ask there. Rejects when a port cannot be had. */
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly figures: HttpServer['figures'];
}

export interface DoorsParts {
  readonly live: LiveConfig;
  readonly log: Log;
  readonly raft: RaftSide;
  readonly mysql: MysqlSide;
  readonly node: ComposedNode;
  readonly configuration: Configuration;
  readonly conceal: (text: string) => string;
}

export function openDoors(parts: DoorsParts): Doors {
  const http = openHttp(parts);
  const api = openApi(parts);
  return {
    figures: () => http.figures(),
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

/** Whoever may do it over HTTP may do it over gRPC: the same user, the same password. */
function identification({ live, node }: DoorsParts): IdentityOf {
  const authorizer = currentAuthorizer(
    live.following(({ http }) => ({ authentication: authenticationOf(http), readOnly: http.readOnly })),
    openRegisters(node.service, systemClock),
  );
  return (authorization) => {
    // No proxy names users here, and nothing else has to be waited for.
    const identity = authorizer({ authorization });
    return identity instanceof Promise ? null : identity;
  };
}

function membershipDoor({ raft, node }: DoorsParts, identityOf: IdentityOf): MembershipDoor {
  const { consensus, credentials, self } = raft;
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
      const identity = identityOf(authorization);
      return { look: identity !== null, change: identity !== null && allows(identity, 'admin') };
    },
  };
}

function openApi(parts: DoorsParts): ApiServer {
  const { live, raft, mysql, node } = parts;
  const { config } = live;
  const api = createApiServer({
    listenAddress: listenText(config.grpc.listen),
    credentials: raft.credentials.server,
    conceal: parts.conceal,
    // Nodes with certificates of their own are known by those.
    ...(config.raft.tls === null && config.http.tls?.mutual
      ? { validUnits: () => live.config.http.tls?.mutual?.validUnits ?? [] }
      : {}),
  });
  api.register(loadKeyValueService(), keyValueHandlers(node.keyValue, systemClock));
  const identityOf = identification(parts);
  const door = membershipDoor(parts, identityOf);
  const mayLook = (authorization: string | undefined): boolean => door.rights(authorization).look;
  api.register(loadMembershipService(), membershipHandlers(door));
  api.register(loadHappeningsService(), happeningsHandlers({ happenings: node.happenings, mayLook }));
  const recoveries = recoveriesDoor({
    service: node.service,
    way: door,
    identityOf,
    defaultPort: () => config.mysql.defaultPort,
  });
  api.register(loadRecoveriesService(), recoveriesHandlers(recoveries));
  api.register(loadMovesService(), movesHandlers(movesDoor(recoveries, node.service)));
  api.register(loadSwitchesService(), switchesHandlers(switchesDoor(recoveries, node.service)));
  api.register(loadWaysBackService(), waysBackHandlers(waysBackDoor(recoveries, node.service)));
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
