/**
 * MariaDB's GTID positions: `domain-server-sequence`, of which a position holds the last one of each domain. Within a
 * domain the sequence says who is ahead; the server number only tells who wrote it.
 */
import { failed, ok, type Result } from '../base/result.js';

export interface MariaDbGtid {
  readonly domain: number;
  readonly serverNumber: number;
  readonly sequence: bigint;
}

/** The last GTID of each domain. */
export type MariaDbPosition = ReadonlyMap<number, MariaDbGtid>;

/** Reads `gtid_slave_pos`, `gtid_binlog_pos` and the like; of several in one domain (a binary log's state) the last counts. */
export function parseMariaDbPosition(text: string): Result<MariaDbPosition, string> {
  const position = new Map<number, MariaDbGtid>();
  for (const item of text.split(',').map((piece) => piece.trim())) {
    if (item === '') continue;
    const match = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/.exec(item);
    if (match === null) return failed(`"${item.slice(0, 60)}" is not a GTID of MariaDB`);
    const gtid = { domain: Number(match[1]), serverNumber: Number(match[2]), sequence: BigInt(match[3] ?? 0) };
    const known = position.get(gtid.domain);
    if (known === undefined || known.sequence < gtid.sequence) position.set(gtid.domain, gtid);
  }
  return ok(position);
}

export function formatMariaDbPosition(position: MariaDbPosition): string {
  return [...position.values()]
    .sort((one, other) => one.domain - other.domain)
    .map(({ domain, serverNumber, sequence }) => `${String(domain)}-${String(serverNumber)}-${String(sequence)}`)
    .join(',');
}

/** Has `outer` come at least as far as `inner` in every domain? */
export function reachesMariaDbPosition(outer: MariaDbPosition, inner: MariaDbPosition): boolean {
  for (const [domain, { sequence }] of inner) {
    const other = outer.get(domain);
    if (other === undefined || other.sequence < sequence) return false;
  }
  return true;
}
