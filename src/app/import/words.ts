/** What operators told the old orchestrator, as it is carried over. Times are left, not ends: the clocks may differ. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface ServerWords {
  readonly place: Place;
  readonly downtime: { readonly owner: string; readonly reason: string; readonly leftSeconds: number } | null;
  /** `name=value`. */
  readonly tags: readonly string[];
  /** '' where none was registered. */
  readonly promotionRule: string;
  /** The name under which replicas are to know it; '' for none. */
  readonly virtualName: string;
}

export interface Words {
  readonly servers: readonly ServerWords[];
  /** `places`: the servers of the cluster, one at least. */
  readonly aliases: readonly { readonly places: readonly Place[]; readonly cluster: string; readonly alias: string }[];
  readonly pools: readonly { readonly pool: string; readonly members: readonly Place[] }[];
  /** What could not be read, as sentences. */
  readonly unread: readonly string[];
  /** What an operator should know and do by hand. */
  readonly notes: readonly string[];
}

export function placeText({ host, port }: Place): string {
  return `${host}:${String(port)}`;
}

/** As a part of a path of the API. */
export function placePath({ host, port }: Place): string {
  return `${encodeURIComponent(host)}/${String(port)}`;
}

/** In turn, so many at the same time; in their order. */
export async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}

/** Neither side shall notice that it is asked. */
const AT_ONCE = 8;
