/**
 * Where do a server's replicas answer? SHOW REPLICAS has their ports and, if their administrator set report_host, their
 * hosts. A row without a host is completed from the dump thread of the same uuid; where the server tells no uuids, only
 * if the dump threads leave no choice. An address is never made up: a wrong one would be another server.
 */
import type { Address } from '../../../core/topology/address.js';
import type { Row } from '../table.js';

export interface RegisteredReplica {
  /** '' when the replica has no report_host. */
  readonly host: string;
  readonly port: number;
  /** '' where the server does not know it. */
  readonly uuid: string;
}

export interface DumpThread {
  readonly host: string;
  readonly uuid: string;
}

/** Consumers that only look like replicas (backups of the binary log, change capture) register no port, or no uuid. */
export function registeredReplicas(rows: readonly Row[]): readonly RegisteredReplica[] {
  return rows.flatMap((row) => {
    const port = row.number('Port') ?? 0;
    const uuidColumn = ['Replica_UUID', 'Slave_UUID'].find((name) => row.has(name));
    const uuid = uuidColumn === undefined ? '' : row.text(uuidColumn);
    if (port < 1 || port > 65_535 || (uuidColumn !== undefined && uuid === '')) return [];
    return [{ host: row.text('Host'), port, uuid }];
  });
}

export interface Located {
  readonly addresses: readonly Address[];
  /** Ports of replicas whose host could not be told. */
  readonly lostPorts: readonly number[];
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

/** `own` is the host by which the asked server is known: who reaches it over loopback stands on the same machine. */
export function locateReplicas(
  registered: readonly RegisteredReplica[],
  threads: readonly DumpThread[],
  own: string,
): Located {
  const addresses: Address[] = [];
  const lostPorts: number[] = [];
  const nameless = threads.every(({ uuid }) => uuid === '');
  const hosts = new Set(threads.map(({ host }) => host));
  const onlyHost = nameless && hosts.size === 1 ? threads[0]?.host : undefined;
  for (const { host, port, uuid } of registered) {
    const seen = threads.find((thread) => uuid !== '' && thread.uuid === uuid)?.host ?? onlyHost ?? '';
    const found = host !== '' ? host : LOOPBACK.has(seen) ? own : seen;
    if (found === '') lostPorts.push(port);
    else addresses.push({ host: found, port });
  }
  // The server lists them in no order: sorted, the same replicas make the same report.
  addresses.sort((one, other) => (one.host === other.host ? one.port - other.port : one.host < other.host ? -1 : 1));
  return { addresses, lostPorts: lostPorts.sort((one, other) => one - other) };
}
