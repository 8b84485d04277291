/**
 * Whose copy shall a server become? The CLONE plugin copies between servers of one release (from 8.0.37 on of one series),
 * 8.0.17 or later. A replica is taken before the primary, because a copy is work, and one that is close before one that is far.
 */
import { addressText } from '../../topology/address.js';
import { isReplicating, mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { type Belief, refusal, type Refusal } from '../belief.js';
import { followsPrimary } from './lost-replicas.js';
import type { SoftState } from '../openings/graceful-takeover.js';

/** Null: nobody can give a copy; or the one that was asked for cannot. */
export function chooseDonor(
  belief: Belief,
  recipient: Server,
  primary: Server,
  wanted: ServerId | null,
  soft: SoftState,
): Server | null {
  const able = [...belief.servers.values()].filter(
    (server) =>
      (wanted === null || wanted === server.id) &&
      soft.answers(server.id) &&
      whyNotDonor(belief, recipient, server) === null,
  );
  const rank = (server: Server): readonly number[] => [
    Number(server.id === primary.id),
    Number(server.facts.dataCenter !== recipient.facts.dataCenter),
    soft.lagSeconds(server.id) ?? Number.MAX_SAFE_INTEGER,
  ];
  return able.sort((one, other) => compare(rank(one), rank(other)))[0] ?? null;
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [at, value] of one.entries()) {
    const difference = value - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Null: it could be. */
export function whyNotDonor(belief: Belief, recipient: Server, donor: Server): string | null {
  const unable = whyNotCloning(recipient) ?? whyNotCloning(donor);
  if (unable !== null) return unable;
  if (donor.id === recipient.id) return 'a server cannot be copied to itself';
  if (donor.clusterId !== recipient.clusterId) return 'it is of another cluster';
  if (!sameRelease(donor, recipient)) {
    return `it runs ${donor.facts.version.text}, and a copy needs the release of the server that receives it (${recipient.facts.version.text})`;
  }
  if (belief.demotions.has(donor.id)) return 'it is a former primary that has not rejoined';
  const maintenance = belief.maintenances.get(donor.id);
  if (maintenance !== undefined && maintenance.endsAtMs > belief.nowMs) return 'it is in maintenance';
  const channel = mainChannel(donor.facts);
  if (belief.clusters.get(donor.clusterId)?.primary === donor.id) return null;
  if (channel === null || !isReplicating(channel)) return 'it does not replicate';
  if (channel.hasFilters) return 'it has replication filters and so not all of the data';
  return followsPrimary(belief, donor) ? null : 'it does not replicate from the primary';
}

/** Which grants the account of the nodes lacks for the copy; a donor is prepared like who receives it. */
export function missingForCopy(donor: Server, recipient: Server): readonly Refusal[] {
  const needs = [
    { server: donor, without: 'CLONE_ADMIN' },
    { server: recipient, without: 'BACKUP_ADMIN' },
  ];
  return needs.flatMap(({ server: { facts, address }, without }) =>
    (facts.missingCopyRights ?? [])
      .filter(({ privilege }) => privilege !== without)
      .map(({ privilege, purpose, mend }) => {
        const lack = `the account of the nodes lacks ${privilege} for ${purpose}`;
        return refusal('missing-grant', `${addressText(address)}: ${lack}`, mend);
      }),
  );
}

/** It can neither be copied nor receive a copy; null: both. */
export function whyNotCloning({ facts: { flavor, version }, address }: Server): string | null {
  const at = [version.major, version.minor, version.patch];
  if (flavor !== 'MariaDB' && compare(at, FIRST) >= 0) return null;
  return `${addressText(address)} runs ${flavor} ${version.text}, which has no CLONE plugin`;
}

const FIRST = [8, 0, 17];
/** From here on the patch number may differ. */
const SERIES_SINCE = [8, 0, 37];

function sameRelease({ facts: { version: one } }: Server, { facts: { version: other } }: Server): boolean {
  if (one.major !== other.major || one.minor !== other.minor) return false;
  const newEnough = [one, other].every(({ major, minor, patch }) => compare([major, minor, patch], SERIES_SINCE) >= 0);
  return newEnough || one.patch === other.patch;
}
