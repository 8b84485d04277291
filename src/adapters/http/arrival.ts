/** A request, free of the web framework. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from './access/authorization.js';

export interface Arrival {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly identity: Identity;
  /** It came over TLS, to us or to whoever stands in front. */
  readonly isEncrypted: boolean;
  /** Its address. */
  readonly client: string;
  /** The connection broke before the reply was written to its end. */
  readonly onLost: (listener: () => void) => void;
}
