/**
 * gzip for callers that ask for it. On the main thread and at the lowest level on purpose: compression in the thread pool
 * keeps the syncs of the log waiting there. Answers that are kept are compressed once.
 */
import { gzipSync } from 'node:zlib';

/** Below this the header of the packet weighs more than what is saved. */
const BYTES_MIN = 1_400;
/** About ten milliseconds; a longer answer is sent as it is. */
const BYTES_MAX = 2_097_152;

const done = new WeakMap<Buffer, Buffer>();

/** `q=0` is how a caller says no. */
export function acceptsGzip(header: string | readonly string[] | undefined): boolean {
  return [header ?? '']
    .flat()
    .some((line) => line.split(',').some((part) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(part)));
}

/** Null: it is not worth it. */
export function gzipped(body: string | Buffer): Buffer | null {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  if (length < BYTES_MIN || length > BYTES_MAX) return null;
  if (typeof body === 'string') return gzipSync(body, { level: 1 });
  const known = done.get(body) ?? gzipSync(body, { level: 1 });
  done.set(body, known);
  return known;
}
