/** The HTTP door of a node: starts listening, says where, and stops without cutting an answer off. */
import { networkInterfaces } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { AccessTokens } from '../../runtime/ports/access-tokens.js';
import { type Clock, systemClock } from '../../runtime/ports/clock.js';
import type { Configuration } from '../../runtime/ports/configuration.js';
import type { Happenings } from '../../runtime/ports/happenings.js';
import type { ClusterMembership } from '../../runtime/ports/membership.js';
import { cannotListen } from '../../runtime/ports/listening.js';
import type { RequestBook } from '../../runtime/ports/requests.js';
import type { Service } from '../../runtime/ports/service.js';
import type { HttpLog } from './dispatch.js';
import { createHttpApp, type HttpApp, type HttpSettings } from './http-app.js';
import { renewCertificates } from './access/mutual-tls.js';
import { HTTP_LIMITS } from './limits.js';
import { clearSocket } from './unix-socket.js';

export type { Authentication } from './access/authorization.js';
export type { HttpLog } from './dispatch.js';
export type { HttpSettings } from './http-app.js';

export type Listen = { readonly host: string | null; readonly port: number } | { readonly socket: string };

export interface HttpServerOptions {
  readonly service: Service;
  readonly membership: ClusterMembership;
  readonly configuration?: Configuration;
  readonly conceal?: (text: string) => string;
  readonly happenings?: Happenings;
  readonly confirmRead?: () => Promise<void>;
  readonly requests?: RequestBook;
  readonly tokens?: AccessTokens;
  readonly settings: HttpSettings;
  /** Host null: all interfaces. Port 0: any free one. */
  readonly listen: Listen;
  /** The folder of the built page; null without one. */
  readonly webRoot: string | null;
  readonly log: HttpLog;
  readonly clock?: Clock;
}

export interface HttpServer {
  /** Resolves when it listens; rejects when it cannot (the port is taken, say). */
  start(): Promise<void>;
  /** No new connections; answers under way have a few seconds to end. Harmless when it never started. */
  stop(): Promise<void>;
  /** Where it listens; null before the start and after the stop. */
  /** What `/metrics` counts, one value each; none while it does not run. */
  figures(): Promise<readonly { readonly name: string; readonly value: number }[]>;
  /** Those of the settings are others now. */
  renewCertificates(): void;
  address(): { readonly host: string; readonly port: number } | null;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const clock = options.clock ?? systemClock;
  let running: HttpApp | null = null;
  return {
    start: async () => {
      const created = await createHttpApp({ ...options, clock });
      const { app, release } = created;
      try {
        await listen(app, options.listen);
      } catch (error) {
        release();
        await app.close();
        throw cannotListen(...namesOf(options.listen), 'HTTP', error);
      }
      running = created;
    },
    stop: async () => {
      const stopping = running;
      running = null;
      if (stopping === null) return;
      stopping.release();
      const cut = clock.setTimer(HTTP_LIMITS.drainMs, () => {
        stopping.app.server.closeAllConnections();
      });
      await stopping.app.close();
      cut.cancel();
    },
    renewCertificates: () => {
      const { tls } = options.settings;
      if (running !== null && tls !== undefined && tls !== null) renewCertificates(running.app.server, tls);
    },
    figures: async () => (running === null ? [] : await running.metrics.figures()),
    address: () => {
      const bound = running?.app.server.address();
      return bound === null || bound === undefined || typeof bound === 'string'
        ? null
        : { host: bound.address, port: bound.port };
    },
  };
}

async function listen(app: FastifyInstance, where: Listen): Promise<void> {
  if ('socket' in where) {
    await clearSocket(where.socket);
    await app.listen({ path: where.socket });
  } else await app.listen({ host: where.host ?? everyInterface(), port: where.port });
}

/** Its key in the configuration, and its place. */
function namesOf(where: Listen): [key: string, place: string] {
  if ('socket' in where) return ['ListenSocket', where.socket];
  return ['ListenAddress', `${where.host ?? ''}:${String(where.port)}`];
}

/** `::` takes IPv4 connections too, but a machine without IPv6 has no such address. */
function everyInterface(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}
