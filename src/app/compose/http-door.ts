/** The HTTP door of a node, with what it keeps in the log: keys of requests, access tokens. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Authentication, createHttpServer, type HttpServer } from '../../adapters/http/server.js';
import { ReadGate } from '../../runtime/key-value/read-gate.js';
import type { Configuration } from '../../runtime/ports/configuration.js';
import { ReplicatedTokens } from '../../runtime/requests/replicated-tokens.js';
import { ReplicatedRequests } from '../../runtime/requests/replicated-requests.js';
import type { HttpConfig } from '../config/config.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';
import type { ComposedNode } from './node.js';

/** Beside the compiled program; the HTTP adapter says so when it was not built. */
const WEB_ROOT = fileURLToPath(new URL('../../web', import.meta.url));

export interface HttpDoorParts {
  readonly live: LiveConfig;
  readonly log: Log;
  readonly node: ComposedNode;
  readonly configuration: Configuration;
  readonly conceal: (text: string) => string;
}

export function openHttp({ live, log, node, configuration, conceal }: HttpDoorParts): HttpServer {
  const { service, membership, happenings } = node;
  const randomHex = (): string => randomBytes(16).toString('hex');
  const tokens = new ReplicatedTokens(
    node.ledger,
    live.following(({ http }) => http.tokens),
    randomHex,
  );
  const reads = new ReadGate(() => node.ledger.catchUp());
  const requests = new ReplicatedRequests({
    ledger: node.ledger,
    self: live.config.raft.id,
    randomHex,
    warn: (text) => {
      log.warn(text);
    },
  });
  const server = createHttpServer({
    service,
    membership,
    happenings,
    confirmRead: () => reads.pass(),
    requests,
    tokens,
    configuration,
    conceal,
    settings: live.following(({ http }) => ({
      urlPrefix: http.urlPrefix,
      statusEndpoint: http.statusEndpoint,
      readOnly: http.readOnly,
      crossSiteWrites: http.crossSiteWrites,
      writesPerSecond: http.writesPerSecond,
      authentication: authenticationOf(http),
      tls: http.tls === null ? null : { ...http.tls, key: http.tls.key.reveal() },
      identity: http.identity,
    })),
    listen: live.config.http.listen,
    webRoot: WEB_ROOT,
    log,
  });
  live.subscribe(() => {
    server.renewCertificates();
  });
  return server;
}

export function authenticationOf({ authentication }: HttpConfig): Authentication {
  if (authentication.method === 'none' || authentication.method === 'proxy') return authentication;
  return { ...authentication, password: authentication.password.reveal() };
}
