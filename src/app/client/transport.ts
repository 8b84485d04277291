/**
 * One GET, with everything that can go wrong told apart. What matters most is whether a request can have reached the
 * other side: only one that certainly has not may be sent again.
 */
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** No connection was made: nothing was asked, and nothing done. */
  readonly unsent: boolean;

  constructor(message: string, unsent: boolean) {
    super(message);
    this.unsent = unsent;
  }
}

/** Whom to believe, and what to show, over HTTPS. PEM texts; absent: what the system believes, and nothing. */
export interface ClientTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** False: anybody is believed. */
  readonly rejectUnauthorized?: boolean;
}

/** As whom all is asked. */
export interface Caller {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?: ClientTls;
}

export interface Asking extends Caller {
  readonly url: string;
  readonly timeoutMs: number;
}

/** Not sent yet. */
export function openRequest({ url, headers, tls = {} }: Caller & { readonly url: string }): ClientRequest {
  const options = { method: 'GET', headers, agent: false, ...tls };
  const send = url.startsWith('https') ? httpsRequest : httpRequest;
  const [, socket, path] = SOCKET_URL.exec(url) ?? [];
  if (socket === undefined) return send(url, options);
  return send({ ...options, socketPath: decodeURIComponent(socket), path: path === '' ? '/' : path });
}

const SOCKET_URL = /^https?\+unix:\/\/([^/]+)(.*)$/;

/** The URL of a door that is a file (ListenSocket): its path, percent-encoded, stands in the place of the host. */
export function socketUrl(path: string, encrypted: boolean): string {
  return `${encrypted ? 'https' : 'http'}+unix://${encodeURIComponent(path)}`;
}

const ANSWER_BYTES_MAX = 268_435_456;

/** Rejects with a TransportError. */
export function httpGet({ timeoutMs, ...asking }: Asking): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let connected = false;
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new TransportError(why, !connected));
      outgoing.destroy();
    };
    const outgoing = openRequest(asking);
    const timer = setTimeout(() => {
      fail(`no answer within ${String(timeoutMs / 1000)} s`);
    }, timeoutMs);
    outgoing.on('socket', (socket) => {
      socket.once('connect', () => {
        connected = true;
      });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      fail(reasonOf(error));
    });
    outgoing.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) fail('the answer is too long');
      });
      response.on('error', (error) => {
        fail(error.message);
      });
      response.on('end', () => {
        clearTimeout(timer);
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    outgoing.end();
  });
}

/** What a code means, for somebody who has other things to think of. The code stands before it, to be searched for. */
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOENT: 'there is no such socket: does the node run, and on this machine?',
  EACCES: 'this user may not open the socket',
  ENOTFOUND: 'there is no such host name',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ECONNRESET: 'the connection was cut',
  ETIMEDOUT: 'the host does not answer',
  EPROTO: 'it speaks no TLS: is it http:// and not https://?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS: is it http:// and not https://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it speaks no TLS: is it http:// and not https://?',
  HPE_INVALID_CONSTANT: 'it speaks no HTTP 1.1: is it https://, or the port of gRPC (3001; this wants 3000)?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'no authority that is known signed its certificate: --tls-ca FILE names one',
  SELF_SIGNED_CERT_IN_CHAIN: 'no authority that is known signed its certificate: --tls-ca FILE names one',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'no authority that is known signed its certificate: --tls-ca FILE names one',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'no authority that is known signed its certificate: --tls-ca FILE names one',
  CERT_HAS_EXPIRED: 'its certificate is out of date',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants to see a certificate: --tls-cert FILE --tls-key FILE',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it wants to see a certificate: --tls-cert FILE --tls-key FILE',
};

/** Where a name leads to several addresses, each has failed for a reason of its own. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  const all = error instanceof AggregateError ? (error.errors as NodeJS.ErrnoException[]) : [error];
  return [...new Set(all.map(explained))].join(', ');
}

function explained({ code, message }: NodeJS.ErrnoException): string {
  if (code === undefined) return message;
  const meaning = MEANINGS[code];
  return meaning === undefined ? code : `${code}: ${meaning}`;
}
