/**
 * One GET, with everything that can go wrong told apart. What matters most is whether a request can have reached the
 * other side: only one that certainly has not may be sent again.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
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

export interface Asking {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

const ANSWER_BYTES_MAX = 268_435_456;

/** Rejects with a TransportError. */
export function httpGet({ url, headers, timeoutMs }: Asking): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let connected = false;
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new TransportError(why, !connected));
      outgoing.destroy();
    };
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const outgoing = send(url, { method: 'GET', headers, agent: false });
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
    outgoing.on('response', (response) => {
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

/** Where a name leads to several addresses, each has failed for a reason of its own. */
function reasonOf(error: NodeJS.ErrnoException): string {
  if (error instanceof AggregateError) {
    const codes = (error.errors as NodeJS.ErrnoException[]).map((one) => one.code ?? one.message);
    return [...new Set(codes)].join(', ');
  }
  return error.code ?? error.message;
}
