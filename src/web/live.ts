/**
 * The overview, kept live: fetched once, then replaced whenever the node sends another by server-sent events. When the
 * connection breaks the browser reconnects by itself; until it has, the page says that what it shows is old.
 */
import { useEffect, useState } from 'react';
import type { Overview } from './overview.js';

export interface Live {
  readonly overview: Overview | null;
  /** Wall clock of the browser when the overview came. */
  readonly receivedAtMs: number;
  readonly connected: boolean;
}

/** Relative, so that the page works below a URL prefix. */
const OVERVIEW_URL = 'api/v1/overview';
const EVENTS_URL = 'api/v1/events';

export function useLive(): Live {
  const [live, setLive] = useState<Live>({ overview: null, receivedAtMs: 0, connected: false });
  useEffect(() => {
    const show = (overview: Overview): void => {
      setLive({ overview, receivedAtMs: Date.now(), connected: true });
    };
    void fetchOverview().then(show, () => undefined);
    const events = new EventSource(EVENTS_URL);
    events.addEventListener('overview', (event: MessageEvent<string>) => {
      show(JSON.parse(event.data) as Overview);
    });
    events.addEventListener('error', () => {
      setLive((before) => ({ ...before, connected: false }));
    });
    events.addEventListener('open', () => {
      setLive((before) => ({ ...before, connected: true }));
    });
    return () => {
      events.close();
    };
  }, []);
  return live;
}

async function fetchOverview(): Promise<Overview> {
  const response = await fetch(OVERVIEW_URL);
  return (await response.json()) as Overview;
}

/** Renders again each second, for ages that grow while nothing happens. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return now;
}
