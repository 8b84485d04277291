/**
 * Keys and values are text. The protobuf library reads bytes that are no UTF-8 as U+FFFD, without a word, so that a client
 * would read back something else than it wrote, and two keys could become one. Such a request is found where its bytes are
 * still there, and refused where it is answered.
 */
import type { MethodDefinition } from '@grpc/grpc-js';
import { OperationalError } from '../../../runtime/errors.js';

const REPLACEMENT = '\uFFFD';
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT);

const broken = new WeakSet<object>();

/** The same method, whose requests remember that their bytes were no text. */
export function noticingBrokenText<Request, Response>(
  method: MethodDefinition<Request, Response>,
): MethodDefinition<Request, Response> {
  const requestDeserialize = (bytes: Buffer): Request => {
    const request = method.requestDeserialize(bytes);
    const read = countIn(request);
    // Who wrote the character itself is understood.
    if (read > 0 && read > countBytes(bytes) && typeof request === 'object' && request !== null) broken.add(request);
    return request;
  };
  return { ...method, requestDeserialize };
}

/** Throws BAD_REQUEST; nothing was done. */
export function refuseBrokenText(request: unknown): void {
  if (typeof request !== 'object' || request === null || !broken.has(request)) return;
  throw new OperationalError('BAD_REQUEST', 'keys and values are text in UTF-8, and the bytes of this request are not');
}

function countIn(value: unknown): number {
  if (typeof value === 'string') return value.includes(REPLACEMENT) ? value.split(REPLACEMENT).length - 1 : 0;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, part) => sum + countIn(part), 0);
}

function countBytes(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(REPLACEMENT_BYTES); at >= 0; at = bytes.indexOf(REPLACEMENT_BYTES, at + 3)) count += 1;
  return count;
}
