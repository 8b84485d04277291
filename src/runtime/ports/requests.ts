/** Requests that change something are done once, however often they are asked for under one key. */
import type { KeptAnswer, RequestRecord } from '../../core/ledger/records.js';

export interface AskedRequest {
  /** Null: the caller gave none. */
  readonly key: string | null;
  /** What is asked, and without a key by whom and from where. */
  readonly subject: string;
  readonly by: string;
  /** For how long the answer is wanted again. */
  readonly lifetimeMs: number;
}

export type Begun =
  /** To be done now. `finish` must be called; with null when nothing was done. */
  | { readonly kind: 'act'; readonly finish: (answer: KeptAnswer | null) => Promise<void> }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  /** By this node, now. Null: it came to nothing, and may be begun again. */
  | { readonly kind: 'under-way'; readonly ended: Promise<KeptAnswer | null> }
  /** Begun by a node that was lost before it could say what became of it. */
  | { readonly kind: 'lost'; readonly record: RequestRecord }
  /** The key stands for something else. */
  | { readonly kind: 'taken' };

export interface RequestBook {
  /** On the leader. Rejects as `Consensus.propose` does: nothing is to be done then. */
  begin(request: AskedRequest): Promise<Begun>;
  /** Every node of the cluster keeps keys, so that asking another one again under the same key is safe. */
  isKeptEverywhere(): boolean;
}
