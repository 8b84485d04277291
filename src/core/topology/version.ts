/**
 * Versions of servers, compared as numbers. As text 10.x sorts below 8.4 and 8.0.4 above 8.0.14; a dialect chosen that
 * way speaks to a server in words it does not know.
 */
import type { Flavor, Version } from './server.js';

/** Reads what `@@version` says. What is no version at all becomes 0.0.0 with its text kept: the oldest dialect is tried. */
export function parseVersion(text: string): Version {
  // MariaDB once hid behind 5.5.5- so that old replicas would accept it; some proxies still pass that prefix on.
  const match = /^(?:5\.5\.5-(?=\d+\.\d+\.\d+-MariaDB))?(\d+)\.(\d+)(?:\.(\d+))?/i.exec(text);
  return {
    text,
    major: Number(match?.[1] ?? 0),
    minor: Number(match?.[2] ?? 0),
    patch: Number(match?.[3] ?? 0),
  };
}

/** Negative when `one` is older than `other`, 0 when their numbers are equal, positive when newer. */
export function compareVersions(one: Version, other: Version): number {
  return one.major - other.major || one.minor - other.minor || one.patch - other.patch;
}

export function isAtLeast(version: Version, major: number, minor: number, patch = 0): boolean {
  return compareVersions(version, { text: '', major, minor, patch }) >= 0;
}

/** From `@@version` and `@@version_comment`: only together do they tell Percona from MySQL. */
export function flavorOf(versionText: string, versionComment: string): Flavor {
  if (/mariadb/i.test(versionText) || /mariadb/i.test(versionComment)) return 'MariaDB';
  if (/percona/i.test(versionComment)) return 'Percona';
  if (/^\d+\.\d+/.test(versionText)) return 'MySQL';
  return 'unknown';
}
