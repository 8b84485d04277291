/**
 * Is there anything in a report that the cluster does not believe already? Only that goes into the log; the rest of the
 * report is soft state and stays with the node that probed. A healthy topology under load therefore writes no entry at all.
 */
import { type Address, sameAddress } from './address.js';
import { sameValue } from './diff.js';
import type { ServerReport } from './report.js';
import type { PromotionRule, Server, ServerFacts, ServerId } from './server.js';

/** What is to be committed of one server. */
export interface Observation {
  readonly id: ServerId;
  readonly address: Address;
  readonly facts: ServerFacts;
}

/**
 * Null when nothing material changed. `registered` is the promotion rule that an operator registered for the server, if
 * there is one: it stands over the server's own, which is then no news whatever it is.
 */
export function observe(
  servers: ReadonlyMap<ServerId, Server>,
  report: ServerReport,
  registered: PromotionRule | null = null,
): Observation | null {
  const believed = servers.get(report.id);
  const facts = registered === null ? report.facts : { ...report.facts, promotionRule: registered };
  const known = believed !== undefined && isAt(believed, report.address) && sameValue(believed.facts, facts);
  return known ? null : { id: report.id, address: report.address, facts: report.facts };
}

/** Two names for one server: the first stays its address, the other becomes an alias, so both are known places of it. */
export function isAt(server: Server, address: Address): boolean {
  return sameAddress(server.address, address) || server.aliases.some((alias) => sameAddress(alias, address));
}
