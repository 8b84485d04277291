/** What becomes of a host name before it is used (HostnameResolveMethod), as this node has learnt it. */
import type { ResolvedName } from './keeping.js';

export interface HostNames {
  /** At once where it is known; otherwise when DNS has answered. Never rejects: a name that does not resolve stays. */
  resolve(host: string): string | Promise<string>;
  list(): readonly ResolvedName[];
  clear(): void;
}
