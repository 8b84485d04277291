/**
 * Every command is a GET, as with the incumbent, so a picture on any page that an operator looks at could fail over a
 * cluster with the operator's own rights. Browsers say where a request comes from, scripts say nothing: what changes
 * something is refused when a page of another site asked for it.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** `none`: an address that somebody typed, or a bookmark. */
const OWN = new Set(['same-origin', 'none']);

export function isFromElsewhere(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (typeof site === 'string') return !OWN.has(site.toLowerCase());
  // Browsers of before 2023 say it in one of these, or not at all.
  const page = headers.origin ?? headers.referer;
  if (page === undefined || page === '') return false;
  const hosts = [headers.host, headers['x-forwarded-host']].flat().flatMap((host) => host?.toLowerCase() ?? []);
  const from = hostOf(page);
  return from === null || !hosts.includes(from);
}

/** Null for what is no address: `null`, which a browser says for a page that hides where it is from. */
function hostOf(page: string): string | null {
  try {
    return new URL(page).host;
  } catch {
    return null;
  }
}
