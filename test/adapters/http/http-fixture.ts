/** The HTTP door before a fake service, asked without a socket, at a clock that a test moves. */
import { createHttpApp, type HttpSettings } from '../../../src/adapters/http/http-app.js';
import type { AccessTokens } from '../../../src/runtime/ports/access-tokens.js';
import type { Clock } from '../../../src/runtime/ports/clock.js';
import type { RequestBook } from '../../../src/runtime/ports/requests.js';
import { FakeService } from './fake-service.js';

export const OPEN_SETTINGS: HttpSettings = {
  urlPrefix: '',
  statusEndpoint: '/api/status',
  readOnly: false,
  authentication: { method: 'none' },
};

export const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Stands still unless moved; timers are kept and fired by hand. */
export class HandClock implements Clock {
  wall: number;
  #mono = 0;
  #timers: { readonly atMs: number; readonly fire: () => void }[] = [];

  constructor(wallMs: number) {
    this.wall = wallMs;
  }

  nowMs(): number {
    return this.#mono;
  }

  wallMs(): number {
    return this.wall;
  }

  setTimer(delayMs: number, fire: () => void) {
    const timer = { atMs: this.#mono + delayMs, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  advance(ms: number): void {
    this.#mono += ms;
    this.wall += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#mono);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#mono);
    for (const { fire } of due) fire();
  }
}

export interface Fixture {
  readonly service: FakeService;
  readonly clock: HandClock;
  /** The parsed JSON of a GET. */
  get(url: string): Promise<{ status: number; body: unknown; headers: Record<string, unknown> }>;
  raw(
    method: 'GET' | 'HEAD' | 'POST',
    url: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; text: string; headers: Record<string, unknown> }>;
  close(): Promise<void>;
}

export async function openFixture(
  changes: Partial<HttpSettings> & { webRoot?: string | null; requests?: RequestBook; tokens?: AccessTokens } = {},
  service = new FakeService(),
): Promise<Fixture> {
  const { webRoot = null, requests, tokens, ...settings } = changes;
  const clock = new HandClock(service.nowMs);
  const { app, release } = await createHttpApp({
    service,
    membership: service.membership,
    clock,
    log: QUIET,
    ...(requests === undefined ? {} : { requests }),
    ...(tokens === undefined ? {} : { tokens }),
    webRoot,
    settings: { ...OPEN_SETTINGS, ...settings },
  });
  const raw: Fixture['raw'] = async (method, url, headers = {}) => {
    const response = await app.inject({ method, url, headers });
    return { status: response.statusCode, text: response.body, headers: response.headers };
  };
  return {
    service,
    clock,
    raw,
    get: async (url) => {
      const { status, text, headers } = await raw('GET', url);
      return { status, body: JSON.parse(text) as unknown, headers };
    },
    close: async () => {
      release();
      await app.close();
    },
  };
}
