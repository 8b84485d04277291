/** `request_key` of a request: the caller's own mark, by which it is done once however often it is asked for. */
import { status } from '@grpc/grpc-js';
import { declined } from './pass-on.js';

/** As an Idempotency-Key of HTTP: it stands in the log of every node. */
const FORM = /^[\u0021-\u007e]{1,200}$/;

export function keyed(key: string): { readonly requestKey?: string } {
  if (key === '') return {};
  if (FORM.test(key)) return { requestKey: key };
  const text = 'a request_key has 1 to 200 characters, of ASCII and without spaces';
  throw declined(status.INVALID_ARGUMENT, text, 'BAD_REQUEST');
}
