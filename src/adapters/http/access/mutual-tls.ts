/**
 * TLS at the HTTP door: how it is opened, whose certificate is good enough, and how another node is called. A certificate is
 * asked of everybody and judged request by request, as by the incumbent, because health checks of a balancer have none.
 */
import { createServer, type RequestOptions, Server } from 'node:https';
import type { IncomingMessage, RequestListener, Server as PlainServer } from 'node:http';
import { rootCertificates, TLSSocket } from 'node:tls';

/** PEM texts. */
export interface HttpTls {
  readonly certificate: string;
  readonly key: string;
  /** Who signs the certificates of callers, and of the other nodes beside the authorities that everybody knows. */
  readonly authority: string | null;
  /** Null: no certificate is asked for. */
  readonly mutual: MutualTls | null;
  /** Other nodes are believed whatever certificate they show. */
  readonly skipsVerifying: boolean;
}

export interface MutualTls {
  /** Organizational units, of which a caller's certificate has to name one; empty: every certificate of the authority. */
  readonly validUnits: readonly string[];
  /** Health checks need a certificate too. */
  readonly healthToo: boolean;
}

export function secureServer(tls: HttpTls, maxHeaderSize: number, handler: RequestListener): PlainServer {
  const asking = { requestCert: tls.mutual !== null, rejectUnauthorized: false };
  const server: Server = createServer({ ...contextOf(tls), ...asking, maxHeaderSize }, handler);
  return server;
}

/** For new connections; those that are open go on with what they were made with. Throws where the library takes them not. */
export function renewCertificates(server: PlainServer, tls: HttpTls): void {
  if (server instanceof Server) server.setSecureContext(contextOf(tls));
}

function contextOf({ certificate, key, authority }: HttpTls) {
  const ca = authority === null ? {} : { ca: authority };
  return { cert: certificate, key, ...ca, minVersion: 'TLSv1.2' } as const;
}

/** With what another node is called: made anew when the certificates are others. */
export function callingAs(settings: { readonly tls?: HttpTls | null }): () => CallingOptions {
  let madeOf = settings.tls ?? null;
  let made = callingOptions(madeOf);
  return () => {
    const now = settings.tls ?? null;
    if (now !== madeOf) [madeOf, made] = [now, callingOptions(now)];
    return made;
  };
}

export type CallingOptions = Pick<RequestOptions, 'cert' | 'key' | 'ca' | 'rejectUnauthorized'>;

function callingOptions(tls: HttpTls | null): CallingOptions {
  if (tls === null) return {};
  return {
    cert: tls.certificate,
    key: tls.key,
    ...(tls.authority === null ? {} : { ca: [...rootCertificates, tls.authority] }),
    rejectUnauthorized: !tls.skipsVerifying,
  };
}

/** Why the caller's certificate is not good enough; null when it is. */
export function certificateTrouble({ socket }: IncomingMessage, { validUnits }: MutualTls): string | null {
  if (!(socket instanceof TLSSocket)) return 'No TLS';
  const { subject } = socket.getPeerCertificate() as { subject?: { OU?: string | readonly string[] } };
  if (subject === undefined) return 'No client certificate';
  if (!socket.authorized) return 'The client certificate is not of the authority in SSLCAFile, or not valid now';
  return isOfUnit(subject.OU, validUnits) ? null : 'Invalid OU';
}

function isOfUnit(given: string | readonly string[] | undefined, valid: readonly string[]): boolean {
  if (valid.length === 0) return true;
  return [given ?? []].flat().some((unit) => valid.includes(unit));
}
