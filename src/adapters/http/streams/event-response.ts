/** How a stream of server-sent events begins, and how it says that it still lives. What is sent on it is the streams' own. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export const HEARTBEAT = ': still here\n\n';

/** A page whose stream has ended asks again after this long. */
const RETRY = 'retry: 1000\n\n';

/** False: only the headers were asked for, and the answer has ended. */
export function openEvents(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): boolean {
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // A buffering proxy would hold events back until enough of them have come together.
    'x-accel-buffering': 'no',
  });
  const headersOnly = request.method === 'HEAD';
  if (headersOnly) response.end();
  else response.write(RETRY);
  return !headersOnly;
}
