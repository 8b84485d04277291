/**
 * Whom does a look tell of? Looks go to addresses, and two records may have one address until it is settled that one
 * server took the place of the other. What was answered is of the one that it names; that another is recorded there as
 * well is told to those who ask for that other, who would otherwise stay in doubt.
 */
import { type Link, type Links, serverAt } from '../../core/analysis/links.js';
import { sameAddress } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Server, ServerId } from '../../core/topology/server.js';

/** Undefined: nobody that is known. */
export function whoseLook(
  result: ProbeResult,
  servers: ReadonlyMap<ServerId, Server>,
  links: Links,
): Server | undefined {
  const address = result.ok ? result.report.address : result.address;
  const named = result.ok ? servers.get(result.report.id) : undefined;
  const isAtHome = named !== undefined && sameAddress(named.address, address);
  return isAtHome ? named : serverAt(links, address);
}

/** To the sources: links of the server itself, and of replicas that are recorded at its address too. */
export function linksToldBy(server: Server, sources: readonly ServerId[], links: Links): readonly Link[] {
  const others = sources.flatMap((source) =>
    (links.replicasOf.get(source) ?? []).filter(
      ({ replica }) => replica.id !== server.id && sameAddress(replica.address, server.address),
    ),
  );
  return [...(links.sourcesOf.get(server.id) ?? []), ...others];
}
