/**
 * What happens, as server-sent events, each of them once and in order. A page that comes back says which it saw last
 * (`Last-Event-ID`, or `?after=`) and gets the rest. Nothing is queued for a page that reads slowly: it holds a place in
 * the node's list and is told how things stand when that place is gone.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../../runtime/ports/clock.js';
import type { Happening, Happenings, HappeningWatch } from '../../../runtime/ports/happenings.js';
import { HEARTBEAT, openEvents } from './event-response.js';
import { HTTP_LIMITS } from '../limits.js';

const TAKE_MAX = 128;

export interface HappeningStreamOptions {
  readonly happenings: Happenings;
  readonly clock: Clock;
  readonly headers: Readonly<Record<string, string>>;
}

class Page {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  #watch: HappeningWatch | null = null;
  #busySinceMs: number | null = null;

  constructor(response: ServerResponse, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
  }

  follow(happenings: Happenings, after: string): void {
    this.#watch = happenings.watch(after, () => {
      this.#pump();
    });
    this.#response.on('drain', () => {
      this.#busySinceMs = null;
      this.#pump();
    });
    this.#pump();
  }

  /** False: it has not read since long, and is given up. */
  beat(): boolean {
    if (this.#busySinceMs === null) {
      this.#response.write(HEARTBEAT);
      return true;
    }
    return this.#clock.nowMs() - this.#busySinceMs < HTTP_LIMITS.eventHeartbeatMs;
  }

  leave(): void {
    this.#watch?.close();
    this.#watch = null;
  }

  end(): void {
    this.leave();
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  #pump(): void {
    while (this.#watch !== null && this.#busySinceMs === null) {
      const taken = this.#watch.take(TAKE_MAX);
      if (taken.length === 0) return;
      if (!this.#response.write(taken.map(frameOf).join(''))) this.#busySinceMs = this.#clock.nowMs();
    }
  }
}

export class HappeningStream {
  readonly #options: HappeningStreamOptions;
  readonly #pages = new Set<Page>();
  #heartbeat: Timer | null = null;

  constructor(options: HappeningStreamOptions) {
    this.#options = options;
  }

  /** False when there are too many already; nothing was written then. */
  attach(request: IncomingMessage, response: ServerResponse, after: string): boolean {
    const { headers, clock, happenings } = this.#options;
    if (this.#pages.size >= HTTP_LIMITS.eventClients) return false;
    if (!openEvents(request, response, headers)) return true;
    const page = new Page(response, clock);
    this.#pages.add(page);
    const leave = (): void => {
      page.leave();
      this.#pages.delete(page);
    };
    response.on('close', leave);
    response.on('error', leave);
    page.follow(happenings, after);
    this.#beat();
    return true;
  }

  close(): void {
    this.#heartbeat?.cancel();
    for (const page of this.#pages) page.end();
    this.#pages.clear();
  }

  #beat(): void {
    if (this.#heartbeat !== null) return;
    this.#heartbeat = this.#options.clock.setTimer(HTTP_LIMITS.eventHeartbeatMs, () => {
      this.#heartbeat = null;
      for (const page of [...this.#pages]) if (!page.beat()) page.destroy();
      if (this.#pages.size > 0) this.#beat();
    });
  }
}

/** Without an id of its own an event keeps the one before it, so what stands in the middle of a picture must not have any. */
function frameOf({ id, kind, ...rest }: Happening): string {
  const data = JSON.stringify({ kind, ...rest });
  return `${id === '' ? '' : `id: ${id}\n`}event: ${kind}\ndata: ${data}\n\n`;
}
