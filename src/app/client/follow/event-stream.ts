/**
 * Server-sent events, one after the other, until the stream breaks or the reader has had enough. Nothing here goes on
 * where a stream broke off: who reads knows which event it saw last.
 */
import type { IncomingMessage } from 'node:http';
import { type Caller, openRequest, reasonOf, TransportError } from '../transport.js';

export interface StreamEvent {
  /** '' where the event has none of its own. */
  readonly id: string;
  readonly data: unknown;
}

export interface Following extends Caller {
  readonly url: string;
  /** '' from how things stand now. */
  readonly after: string;
  readonly stop: AbortSignal;
}

/** A node sends a sign of life every 15 s. */
const SILENCE_MS = 45_000;
const CONNECT_MS = 5_000;
const BUFFER_MAX = 16_777_216;

/** Throws a TransportError when the stream cannot be had, or breaks; resolves when it was stopped. */
export async function followEvents(
  { url, headers, tls, after, stop }: Following,
  hear: (event: StreamEvent) => void,
): Promise<void> {
  if (stop.aborted) return;
  const asked = { ...headers, accept: 'text/event-stream', ...(after === '' ? {} : { 'last-event-id': after }) };
  const outgoing = openRequest({ url, headers: asked, ...(tls === undefined ? {} : { tls }) });
  const wasStopped = (): boolean => stop.aborted;
  const end = (): void => void outgoing.destroy(new Error('stopped'));
  stop.addEventListener('abort', end, { once: true });
  try {
    const response = await answerTo(outgoing);
    if (response.statusCode !== 200) {
      throw new TransportError(`${url} answered ${String(response.statusCode)}`, true);
    }
    outgoing.setTimeout(SILENCE_MS, () =>
      outgoing.destroy(new Error(`no sign of life for ${String(SILENCE_MS / 1000)} s`)),
    );
    await readFrames(response, hear);
    throw new TransportError('the stream has ended', false);
  } catch (error) {
    if (wasStopped()) return;
    throw error instanceof TransportError ? error : new TransportError(reasonOf(error as NodeJS.ErrnoException), false);
  } finally {
    stop.removeEventListener('abort', end);
    outgoing.destroy();
  }
}

async function answerTo(outgoing: ReturnType<typeof openRequest>): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', resolve);
    outgoing.setTimeout(CONNECT_MS, () =>
      outgoing.destroy(new Error(`no answer within ${String(CONNECT_MS / 1000)} s`)),
    );
    outgoing.end();
  });
}

async function readFrames(response: IncomingMessage, hear: (event: StreamEvent) => void): Promise<void> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    const frames = (text + String(chunk)).split('\n\n');
    text = frames.pop() ?? '';
    if (text.length > BUFFER_MAX) throw new TransportError('an event is too long', false);
    for (const frame of frames) {
      const data = /^data: (.*)$/m.exec(frame)?.[1];
      if (data === undefined) continue;
      hear({ id: /^id: (.*)$/m.exec(frame)?.[1] ?? '', data: JSON.parse(data) as unknown });
    }
  }
}
