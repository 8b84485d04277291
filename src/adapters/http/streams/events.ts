/**
 * Server-sent events: the whole picture again whenever it changes, to every page that listens. It is written once for
 * all of them. A page that reads slowly is never queued for: it misses pictures, and gets the newest when it has caught up,
 * so that no page can make a node hold more than one picture for it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../../runtime/ports/clock.js';
import type { Service, ServiceEvent } from '../../../runtime/ports/service.js';
import { HEARTBEAT, openEvents } from './event-response.js';
import { HTTP_LIMITS } from '../limits.js';

interface Client {
  readonly response: ServerResponse;
  /** Monotonic instant since when it has not read what it was sent; null while it keeps up. */
  busySinceMs: number | null;
  /** It missed a picture meanwhile. */
  stale: boolean;
}

export interface EventStreamOptions {
  readonly service: Service;
  readonly clock: Clock;
  /** The picture as one line of JSON. */
  readonly picture: () => Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const HEAD = Buffer.from('event: overview\ndata: ');
const TAIL = Buffer.from('\n\n');

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #clients = new Set<Client>();
  readonly #unsubscribe: () => void;
  #flush: Timer | null = null;
  #flushAtMs = 0;
  #heartbeat: Timer | null = null;
  #lastFlushMs = Number.NEGATIVE_INFINITY;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#unsubscribe = options.service.subscribe((event) => {
      this.#changed(event);
    });
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** False when there are too many already; nothing was written then. */
  attach(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#clients.size >= HTTP_LIMITS.eventClients) return false;
    if (!openEvents(request, response, this.#options.headers)) return true;
    const client: Client = { response, busySinceMs: null, stale: false };
    this.#clients.add(client);
    response.on('drain', () => {
      this.#drained(client);
    });
    response.on('close', () => {
      this.#clients.delete(client);
    });
    response.on('error', () => {
      this.#clients.delete(client);
    });
    this.#send(client, this.#frame());
    this.#beat();
    return true;
  }

  close(): void {
    this.#unsubscribe();
    this.#flush?.cancel();
    this.#heartbeat?.cancel();
    for (const client of this.#clients) client.response.end();
    this.#clients.clear();
  }

  /** What this node saw changes all the time and is old news in a second; a decision is shown at once. */
  #changed(event: ServiceEvent): void {
    if (this.#clients.size === 0) return;
    const waitMs = event.kind === 'sighting' ? HTTP_LIMITS.sightingIntervalMs : HTTP_LIMITS.eventIntervalMs;
    const nowMs = this.#options.clock.nowMs();
    const dueMs = Math.max(nowMs, this.#lastFlushMs + waitMs);
    if (this.#flush !== null) {
      if (dueMs >= this.#flushAtMs) return;
      this.#flush.cancel();
    }
    this.#flushAtMs = dueMs;
    this.#flush = this.#options.clock.setTimer(dueMs - nowMs, () => {
      this.#flush = null;
      this.#lastFlushMs = this.#options.clock.nowMs();
      this.#sendAll();
    });
  }

  #sendAll(): void {
    if (this.#clients.size === 0) return;
    const frame = this.#frame();
    for (const client of this.#clients) this.#send(client, frame);
  }

  #send(client: Client, frame: Buffer): void {
    if (client.busySinceMs !== null) {
      client.stale = true;
      return;
    }
    if (!client.response.write(frame)) client.busySinceMs = this.#options.clock.nowMs();
  }

  #drained(client: Client): void {
    client.busySinceMs = null;
    if (!client.stale) return;
    client.stale = false;
    this.#send(client, this.#frame());
  }

  #frame(): Buffer {
    return Buffer.concat([HEAD, this.#options.picture(), TAIL]);
  }

  #beat(): void {
    if (this.#heartbeat !== null) return;
    this.#heartbeat = this.#options.clock.setTimer(HTTP_LIMITS.eventHeartbeatMs, () => {
      this.#heartbeat = null;
      const staleBeforeMs = this.#options.clock.nowMs() - HTTP_LIMITS.eventHeartbeatMs;
      for (const { response, busySinceMs } of this.#clients) {
        if (busySinceMs === null) response.write(HEARTBEAT);
        // It has not read since the last beat: it is gone, and if it is not, it comes back by itself.
        else if (busySinceMs <= staleBeforeMs) response.destroy();
      }
      if (this.#clients.size > 0) this.#beat();
    });
  }
}
