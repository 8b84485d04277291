/** The web framework with our routes in it; it listens to nothing yet. Only this file and its two neighbours know fastify. */
import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { remembersPlansSince } from '../../core/ledger/apply/recovery.js';
import type { AccessTokens } from '../../runtime/ports/access-tokens.js';
import type { ClusterMembership } from '../../runtime/ports/membership.js';
import type { Configuration } from '../../runtime/ports/configuration.js';
import type { Service } from '../../runtime/ports/service.js';
import type { Clock } from '../../runtime/ports/clock.js';
import type { RequestBook } from '../../runtime/ports/requests.js';
import type { Happenings } from '../../runtime/ports/happenings.js';
import { type Authentication, currentAuthorizer, type Identity, type Registers } from './access/authorization.js';
import type { Arrival } from './arrival.js';
import { type Dispatcher, dispatch, fault, type HttpLog } from './dispatch.js';
import { acceptsGzip, gzipped } from './compression.js';
import { EventStream } from './streams/events.js';
import { Forwarder } from './forwarding/forward.js';
import { HappeningStream } from './streams/happening-stream.js';
import { Guard } from './access/guard.js';
import { OUT_OF_QUORUM, SAFE_HEADERS, StateAge } from './headers.js';
import { HTTP_LIMITS } from './limits.js';
import { callingAs, certificateTrouble, type HttpTls, secureServer } from './access/mutual-tls.js';
import { HttpMetrics } from './metrics.js';
import { Once } from './forwarding/once.js';
import { openRegisters } from './access/registers.js';
import { plain, type Reply, refused } from './reply.js';
import { aboutNode, type Door, type Route } from './route.js';
import { routeTable } from './route-table.js';
import { health } from './routes/nodes.js';
import { overviewBytes } from './routes/own.js';
import { signed } from './signature.js';
import { serveStaticFiles } from './static-files.js';
import { refuseUnreadable, unroutable } from './unreadable.js';
import { Views } from './views/views.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The dispatcher answers it, and sets its headers. */
    readonly isOurs?: true;
  }
}

export interface HttpSettings {
  /** '' or `/path`. */
  readonly urlPrefix: string;
  /** One more path for the health check, without the prefix; `/api/status` is there anyway. */
  readonly statusEndpoint: string;
  /** Nobody may change anything through this node. This and who may come in are looked up at every request. */
  readonly readOnly: boolean;
  readonly authentication: Authentication;
  /** Pages of other sites may give commands. Absent: no. */
  readonly crossSiteWrites?: boolean;
  /** Of one address; 0 or absent: any number. */
  readonly writesPerSecond?: number;
  /**
   * Null or absent: without TLS. Whose certificates are good enough is looked up each time, the own ones when they are said to
   * be renewed.
   */
  readonly tls?: HttpTls | null;
  /** What errors are signed with; '' or absent: nothing. */
  readonly identity?: string;
}

export interface HttpAppOptions {
  readonly service: Service;
  readonly membership: ClusterMembership;
  readonly configuration?: Configuration;
  /** Cuts secrets out of the texts of errors. */
  readonly conceal?: (text: string) => string;
  /** Resolves when this node has applied all that was committed anywhere before the call. Without: it always has. */
  readonly confirmRead?: () => Promise<void>;
  /** Without: keys of requests are not kept. */
  readonly requests?: RequestBook;
  readonly tokens?: AccessTokens;
  /** Without: there is nothing to follow. */
  readonly happenings?: Happenings;
  readonly settings: HttpSettings;
  /** The folder of the built page; null without one. */
  readonly webRoot: string | null;
  readonly log: HttpLog;
  readonly clock: Clock;
}

export interface HttpApp {
  readonly app: FastifyInstance;
  /** Ends what outlives a request: event streams first, or the server would wait for them. */
  readonly release: () => void;
  readonly metrics: Pick<HttpMetrics, 'figures'>;
}

export async function createHttpApp(options: HttpAppOptions): Promise<HttpApp> {
  const { service, membership, clock, log, settings } = options;
  const app = fastify(fastifyOptions(settings));
  app.server.maxConnections = HTTP_LIMITS.connections;
  const views = new Views(service, clock);
  const stateAge = new StateAge(service, clock);
  const forwarder = new Forwarder(service, callingAs(settings));
  const door: Door = {
    service,
    views,
    membership,
    tokens: options.tokens ?? null,
    passOn: (target) =>
      forwarder.forward({ target, headers: {}, timeoutMs: HTTP_LIMITS.forwardAnswerMs, isKept: false }),
    configuration: options.configuration ?? null,
    nowMs: () => clock.nowMs(),
    inBackground: backgroundWork(log),
  };
  const events = new EventStream({
    service,
    clock,
    picture: () => overviewBytes(door, clock.wallMs()),
    headers: SAFE_HEADERS,
  });
  const metrics = new HttpMetrics({
    service,
    eventClients: () => events.clients,
    forwards: () => forwarder.total,
  });
  const unobserve = service.subscribe(() => {
    stateAge.observe();
  });
  const prefix = settings.urlPrefix;
  const identities = authenticate(app, settings, service, openRegisters(service, clock));
  observeRequests(app, metrics, clock);
  finishErrors(app, settings, options.conceal ?? ((text) => text));
  compress(app);
  answerTheUnknown(app, log);
  const dispatcher: Dispatcher = {
    guard: new Guard(clock, settings, () => service.state.founding),
    confirmRead: options.confirmRead ?? (() => Promise.resolve()),
    door,
    forwarder,
    once: new Once(options.requests ?? null, clock, {
      has: (key) => [...service.state.recoveries.values()].some(({ inputs }) => inputs.requestKey === key),
      isWholeSince: (atMs) => remembersPlansSince(service.state.recoveries, atMs),
    }),
    stateAge,
    clock,
    log,
  };
  const routes = [...prefixed(routeTable(prefix), prefix), ...statusRoutes(settings)];
  for (const route of routes) addRoute(app, route, identities, dispatcher);
  addEvents(app, `${prefix}/api/v1/events`, events);
  const endHappenings = addHappenings(app, `${prefix}/api/v1/happenings`, options);
  app.get(`${prefix}/metrics`, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  await serveStaticFiles(app, options.webRoot, prefix);
  const release = (): void => {
    events.close();
    endHappenings();
    unobserve();
    views.close();
  };
  return { app, release, metrics };
}

function fastifyOptions(settings: HttpSettings) {
  const { tls = null } = settings;
  const secure = (its: HttpTls) => (handler: RequestListener) =>
    timed(secureServer(its, HTTP_LIMITS.headBytes, handler));
  return {
    ...(tls === null ? { http: { maxHeaderSize: HTTP_LIMITS.headBytes } } : { serverFactory: secure(tls) }),
    logger: false,
    bodyLimit: HTTP_LIMITS.bodyBytes,
    keepAliveTimeout: HTTP_LIMITS.keepAliveMs,
    requestTimeout: HTTP_LIMITS.receiveMs,
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle' as const,
    // The router would take one that is too long for a path that is not there; the route refuses it by its name.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: HTTP_LIMITS.headBytes },
    frameworkErrors: (error: Error, _request: FastifyRequest, reply: FastifyReply) => {
      send(reply, unroutable(error, settings.identity ?? ''));
    },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => {
      refuseUnreadable(error, socket, settings.identity ?? '');
    },
  };
}

/** A server of our own gets none of the framework's limits. */
function timed(server: Server): Server {
  server.keepAliveTimeout = HTTP_LIMITS.keepAliveMs;
  server.requestTimeout = HTTP_LIMITS.receiveMs;
  return server;
}

/** Who asks is found out once, before anything else; routes look it up. */
function authenticate(
  app: FastifyInstance,
  settings: HttpSettings,
  service: Service,
  registers: Registers,
): WeakMap<object, Identity> {
  const identities = new WeakMap<object, Identity>();
  const authorizer = currentAuthorizer(settings, registers);
  app.addHook('onRequest', (request, reply, next) => {
    reply.headers(SAFE_HEADERS);
    if (request.routeOptions.config.isOurs !== true && !service.node().inQuorum) reply.headers(OUT_OF_QUORUM);
    const mutual = settings.tls?.mutual ?? null;
    if (mutual !== null && (mutual.healthToo || !isHealthCheck(request.url, settings))) {
      const trouble = certificateTrouble(request.raw, mutual);
      if (trouble !== null) {
        send(reply, plain(`${trouble}\n`, 401));
        return;
      }
    }
    const admit = (identity: Identity | null): void => {
      if (identity === null) {
        const challenge = { 'www-authenticate': 'Basic realm="Authorization Required"' };
        send(reply, plain('Not Authorized\n', 401, challenge));
        return;
      }
      identities.set(request.raw, identity);
      next();
    };
    const { headers } = request;
    const found = authorizer({ authorization: headers.authorization, headers });
    if (found instanceof Promise) void found.then(admit, next);
    else admit(found);
  });
  return identities;
}

/** Whoever balances has no certificate. */
function isHealthCheck(url: string, { urlPrefix, statusEndpoint }: HttpSettings): boolean {
  const [path = ''] = url.split('?');
  return path === statusEndpoint || path.startsWith(`${urlPrefix}/health/`);
}

function observeRequests(app: FastifyInstance, metrics: HttpMetrics, clock: Clock): void {
  const startedMs = new WeakMap<object, number>();
  app.addHook('onRequest', (request, _reply, next) => {
    startedMs.set(request.raw, clock.nowMs());
    next();
  });
  app.addHook('onResponse', (request, reply, next) => {
    const started = startedMs.get(request.raw) ?? clock.nowMs();
    metrics.observe(request.routeOptions.url ?? 'unknown', reply.statusCode, (clock.nowMs() - started) / 1000);
    next();
  });
}

/** What goes wrong is told in the words of servers and libraries, who may quote a statement with a password in it. */
function finishErrors(app: FastifyInstance, settings: HttpSettings, conceal: (text: string) => string): void {
  app.addHook('onSend', (_request, reply, payload, next) => {
    const isError = reply.statusCode >= 400 && typeof payload === 'string';
    next(null, isError ? conceal(signed(payload, settings.identity ?? '')) : payload);
  });
}

function compress(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, next) => {
    const isText = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (!isText || !acceptsGzip(request.headers['accept-encoding'])) {
      next(null, payload);
      return;
    }
    const short = gzipped(payload);
    if (short !== null) {
      reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding').removeHeader('content-length');
    }
    next(null, short ?? payload);
  });
}

function answerTheUnknown(app: FastifyInstance, log: HttpLog): void {
  app.removeAllContentTypeParsers();
  // No route reads a body; one that comes is read to its end, so that the connection can be used again.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => {
    done(null, undefined);
  });
  app.setNotFoundHandler((_request, reply) => send(reply, plain('404 page not found\n', 404)));
  app.setErrorHandler((error, request, reply) => send(reply, fault(error, { path: request.url }, log)));
}

function prefixed(routes: readonly Route[], prefix: string): readonly Route[] {
  return prefix === '' ? routes : routes.map((route) => ({ ...route, path: `${prefix}${route.path}` }));
}

function statusRoutes({ statusEndpoint, urlPrefix }: HttpSettings): readonly Route[] {
  const known = statusEndpoint === '' || statusEndpoint === `${urlPrefix}/api/status`;
  return known ? [] : [aboutNode(statusEndpoint, health)];
}

function addRoute(
  app: FastifyInstance,
  route: Route,
  identities: WeakMap<object, Identity>,
  dispatcher: Dispatcher,
): void {
  app.get(route.path, { config: { isOurs: true } }, async (request, reply) => {
    const arrival: Arrival = {
      method: request.method,
      target: request.raw.url ?? '/',
      headers: request.headers,
      params: request.params as Arrival['params'],
      query: request.query as Arrival['query'],
      identity: identities.get(request.raw) ?? { user: '', role: 'viewer' },
      isEncrypted: request.protocol === 'https' || request.headers['x-forwarded-proto'] === 'https',
      client: request.ip,
      onLost: (listener) => {
        reply.raw.once('close', listener);
        reply.raw.once('finish', () => {
          reply.raw.off('close', listener);
        });
      },
    };
    return send(reply, await dispatch(route, arrival, dispatcher));
  });
}

function addEvents(app: FastifyInstance, path: string, events: EventStream): void {
  app.get(path, (request, reply) => {
    if (request.raw.socket.destroyed) return;
    reply.hijack();
    if (!events.attach(request.raw, reply.raw)) refuseAnother(reply);
  });
}

/** What it returns ends the streams. */
function addHappenings(app: FastifyInstance, path: string, { happenings, clock }: HttpAppOptions): () => void {
  if (happenings === undefined) return () => undefined;
  const stream = new HappeningStream({ happenings, clock, headers: SAFE_HEADERS });
  app.get(path, (request, reply) => {
    if (request.raw.socket.destroyed) return;
    reply.hijack();
    const { after } = request.query as { readonly after?: unknown };
    const last = request.headers['last-event-id'] ?? (typeof after === 'string' ? after : '');
    if (!stream.attach(request.raw, reply.raw, String(last))) refuseAnother(reply);
  });
  return () => {
    stream.close();
  };
}

function refuseAnother(reply: FastifyReply): void {
  const refusal = refused('Too many pages listen to this node already; reload, or ask another node');
  reply.raw.writeHead(503, { ...SAFE_HEADERS, 'content-type': refusal.contentType }).end(refusal.body);
}

function send(reply: FastifyReply, { status, contentType, body, headers }: Reply): FastifyReply {
  if (headers !== undefined) reply.headers(headers);
  return reply.code(status).header('content-type', contentType).send(body);
}

function backgroundWork(log: HttpLog): Door['inBackground'] {
  let underWay = 0;
  return (what, work) => {
    if (underWay >= HTTP_LIMITS.discoveriesInBackground) return false;
    underWay += 1;
    void work()
      .catch((error: unknown) => {
        log.warn({ err: error }, `${what} failed`);
      })
      .finally(() => {
        underWay -= 1;
      });
    return true;
  };
}
