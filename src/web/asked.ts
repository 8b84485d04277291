/** What the page asks for only while somebody looks at it: asked when it is opened, and again every few seconds until it is closed. */
import { useEffect, useState } from 'react';

export type Asked<T> =
  | { readonly kind: 'asking' }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'there'; readonly value: T };

const AGAIN_MS = 5_000;

/** `url`: relative, as all of the page's; null: nobody looks. */
export function useAsked<T>(url: string | null): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ kind: 'asking' });
  useEffect(() => {
    setAsked({ kind: 'asking' });
    if (url === null) return;
    const stop = new AbortController();
    const ask = (): void => {
      ofNode<T>(url, stop.signal).then(
        (value) => {
          setAsked({ kind: 'there', value });
        },
        (error: unknown) => {
          if (!stop.signal.aborted) setAsked({ kind: 'failed', error: String(error) });
        },
      );
    };
    ask();
    const timer = setInterval(ask, AGAIN_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [url]);
  return asked;
}

async function ofNode<T>(url: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`this node answers ${String(response.status)}`);
  return (await response.json()) as T;
}

/** `host:port` as two parts of a path. */
export function inPath(address: string): string {
  const at = address.lastIndexOf(':');
  return `${encodeURIComponent(address.slice(0, at))}/${address.slice(at + 1)}`;
}
