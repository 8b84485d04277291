/**
 * Requests that no route ever sees, because their head is too large, too slow or no HTTP: who sent them is told so in the form
 * of all our errors. A script that is sent another form takes it for a node that cannot be reached, and asks again.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { SAFE_HEADERS } from './headers.js';
import { HTTP_LIMITS } from './limits.js';
import { type Reply, refused } from './reply.js';
import { signed } from './signature.js';

/** A parameter of the path that is too long; null when none is. */
export function tooLongParameter(params: Readonly<Record<string, string | undefined>>): Reply | null {
  for (const name in params) {
    const { length } = params[name] ?? '';
    if (length <= HTTP_LIMITS.parameterCharacters) continue;
    const limit = String(HTTP_LIMITS.parameterCharacters);
    const message = `${name} may have ${limit} characters, and it has ${String(length)}: say it in fewer words`;
    return { ...refused(message), status: 414 };
  }
  return null;
}

/** What the router cannot read: a percent sign with no byte behind it, say. */
export function unroutable(error: Error, identity: string): Reply {
  const { contentType, body } = refused(`The request could not be read: ${error.message}`);
  return { status: 400, contentType, body: signed(String(body), identity), headers: SAFE_HEADERS };
}

/**
 * For the server's `clientError`. The rest of what the caller sends is taken and thrown away for a moment: a connection that is
 * shut in its face takes our answer along. Whoever already receives another answer is cut off, not told two things in one.
 */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket, identity: string): void {
  if (socket.writableEnded) return;
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy(error);
    return;
  }
  socket.end(rawReply(error, identity));
  const cut = setTimeout(() => socket.destroy(), HTTP_LIMITS.lastWordMs);
  socket.once('close', () => {
    clearTimeout(cut);
  });
}

function rawReply(error: NodeJS.ErrnoException, identity: string): string {
  const [status, message] = trouble(error);
  const { contentType, body } = refused(message);
  const text = signed(String(body), identity);
  const headers = {
    ...SAFE_HEADERS,
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  return `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${text}`;
}

function trouble({ code, message }: NodeJS.ErrnoException): readonly [status: number, sentence: string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [
        431,
        `The request line and the headers may have ${String(HTTP_LIMITS.headBytes)} bytes together, and have more: ` +
          'shorten the path or send fewer headers',
      ];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, `The request did not arrive within ${String(HTTP_LIMITS.receiveMs / 1000)} seconds: send it again`];
    default:
      return [400, `The request is not HTTP as this node reads it: ${message}`];
  }
}

/** Node keeps the answer that is under way at its socket, and says so nowhere else. */
function isAnswering(socket: Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null }): boolean {
  return socket._httpMessage?.headersSent === true;
}
