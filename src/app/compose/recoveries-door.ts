/** Recoveries over gRPC, put together: names become servers and clusters, and users what they may do. */
import type { MovesDoor } from '../../adapters/grpc/services/moves.js';
import type { WayToLeader } from '../../adapters/grpc/pass-on.js';
import type { RecoveriesDoor } from '../../adapters/grpc/services/recoveries.js';
import type { SwitchesDoor } from '../../adapters/grpc/services/switches.js';
import type { WaysBackDoor } from '../../adapters/grpc/services/ways-back.js';
import { allows, type Identity } from '../../adapters/http/access/authorization.js';
import { addressText, parseAddress } from '../../core/topology/address.js';
import { clusterByHint } from '../../core/topology/cluster-hint.js';
import { indexServers, serverAt } from '../../core/topology/sources.js';
import type { Service } from '../../runtime/ports/service.js';

/** By the `authorization` of a call; null: nobody that is let in. */
export type IdentityOf = (authorization: string | undefined) => Identity | null;

export interface RecoveriesDoorParts {
  readonly service: Service;
  readonly way: WayToLeader;
  readonly identityOf: IdentityOf;
  defaultPort(): number;
}

export function recoveriesDoor({ service, way, identityOf, defaultPort }: RecoveriesDoorParts): RecoveriesDoor {
  return {
    nodeId: way.nodeId,
    credentials: way.credentials,
    leaderAddress: () => way.leaderAddress(),
    clusterOf: (hint) => clusterByHint(service.state, hint, defaultPort()),
    serverAt: (text) => {
      const address = parseAddress(text, defaultPort());
      return address.ok ? serverAt(indexServers(service.state.servers.values()), address.value) : null;
    },
    nameOf: (server) => {
      const address = service.state.servers.get(server)?.address;
      return address === undefined ? server : addressText(address);
    },
    explain: (cluster) => service.explain(cluster),
    plan: (request) => service.plan(request),
    recover: (request) => service.recover(request),
    user: (authorization, right) => {
      const identity = identityOf(authorization);
      if (identity === null || !allows(identity, right === 'look' ? 'viewer' : 'operator')) return null;
      return identity.user === '' ? service.node().hostname : identity.user;
    },
  };
}

/** The same names and the same rights, for those who bring a server back. */
export function waysBackDoor(recoveries: RecoveriesDoor, service: Service): WaysBackDoor {
  return {
    nodeId: recoveries.nodeId,
    credentials: recoveries.credentials,
    leaderAddress: () => recoveries.leaderAddress(),
    serverAt: (text) => recoveries.serverAt(text)?.id ?? null,
    plans: (server, donor) => service.waysBack(server, donor),
    take: (request) => service.wayBack(request),
    user: (authorization, right) => recoveries.user(authorization, right),
  };
}

export function movesDoor(recoveries: RecoveriesDoor, service: Service): MovesDoor {
  return {
    nodeId: recoveries.nodeId,
    credentials: recoveries.credentials,
    leaderAddress: () => recoveries.leaderAddress(),
    serverAt: (text) => recoveries.serverAt(text),
    nameOf: (server) => recoveries.nameOf(server),
    user: (authorization, right) => recoveries.user(authorization, right),
    plan: (request) => service.planMove(request),
    move: (request) => service.move(request),
    cancel: (id, by) => service.cancelMove(id, by),
  };
}

export function switchesDoor(recoveries: RecoveriesDoor, service: Service): SwitchesDoor {
  return {
    nodeId: recoveries.nodeId,
    credentials: recoveries.credentials,
    leaderAddress: () => recoveries.leaderAddress(),
    serverAt: (text) => recoveries.serverAt(text),
    user: (authorization, right) => recoveries.user(authorization, right),
    plan: (request) => service.planSwitch(request),
    switch: (request) => service.switch(request),
  };
}
