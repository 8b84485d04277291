/**
 * Ids of servers that have no server_uuid (MariaDB, MySQL 5.5): the host's own name, the port and the server id stand in for
 * it. They outlive a restart, and a copied data directory does not carry them to another machine. The server id stands
 * last, because MariaDB's GTIDs name their writer by it.
 */
import type { ServerId } from './server.js';

export function standInId(flavor: string, hostname: string, port: string, serverNumber: string): ServerId {
  return [flavor.toLowerCase(), hostname, port, serverNumber].join('-') as ServerId;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The server id in an id that `standInId` made; null in a server_uuid, which tells none. */
export function serverNumberIn(id: ServerId): number | null {
  const digits = UUID.test(id) ? undefined : /-(\d{1,10})$/.exec(id)?.[1];
  return digits === undefined ? null : Number(digits);
}
