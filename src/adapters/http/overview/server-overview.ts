/** One server as our page shows it: what the cluster believes, what this node last saw, and what was decided about it. */
import type { Downtime } from '../../../core/ledger/state.js';
import { addressText } from '../../../core/topology/address.js';
import { isWritable, mainChannel, type Server } from '../../../core/topology/server.js';
import type { Service, Sighting } from '../../../runtime/ports/service.js';
import { type ApartOverview, apartOverview } from './apart-overview.js';
import type { Placement } from '../views/topology-index.js';
import type { Views } from '../views/views.js';

export interface ServerOverview {
  readonly id: string;
  readonly address: string;
  /** Id of the server it replicates from, if that one is known. */
  readonly source: string | null;
  readonly role: 'primary' | 'replica' | 'former-primary' | 'standalone';
  readonly version: string;
  readonly alias: string;
  readonly dataCenter: string;
  readonly region: string;
  readonly promotionRule: string;
  readonly writable: boolean;
  /** Did it answer the last probe of the node that is asked? */
  readonly valid: boolean;
  readonly lastError: string | null;
  readonly lastSeenAgeMs: number | null;
  readonly lagSeconds: number | null;
  readonly ioThread: string | null;
  readonly sqlThread: string | null;
  /** Of the two threads; null when both are well. */
  readonly replicationError: string | null;
  readonly executedGtids: string;
  readonly errantGtids: string;
  readonly downtime: { readonly owner: string; readonly reason: string; readonly endsAtMs: number } | null;
  readonly demotion: { readonly state: string; readonly extraGtids: string } | null;
  /** Why it is not part of its cluster's replication, where that is our doing. */
  readonly apart: ApartOverview | null;
}

export function serverOverview(server: Server, service: Service, views: Views, nowMs: number): ServerOverview {
  const { facts } = server;
  const placement = views.placement(server);
  const demotion = demotionOf(server, placement, service);
  return {
    id: server.id,
    address: addressText(server.address),
    source: placement.sourceId,
    role: roleOf(server, placement, demotion !== null),
    version: facts.version.text,
    alias: facts.alias,
    dataCenter: facts.dataCenter,
    region: facts.region,
    promotionRule: facts.promotionRule,
    writable: isWritable(facts),
    ...seen(views.sighting(server), nowMs),
    ...replication(server),
    errantGtids: views.errantGtids(server),
    downtime: downtimeOf(views.downtime(server)),
    demotion,
    apart: placement.isPrimary ? null : apartOverview(server.id, service, nowMs),
  };
}

function roleOf(server: Server, placement: Placement, demoted: boolean): ServerOverview['role'] {
  if (placement.isPrimary) return 'primary';
  if (demoted) return 'former-primary';
  return mainChannel(server.facts) === null ? 'standalone' : 'replica';
}

/** One that has rejoined is a replica like the others; its demotion is history. */
function demotionOf(server: Server, placement: Placement, service: Service): ServerOverview['demotion'] {
  const demotion = service.state.demotions.get(server.id);
  if (demotion === undefined || demotion.state === 'rejoined' || placement.isPrimary) return null;
  return { state: demotion.state, extraGtids: demotion.extraGtids };
}

type Seen = Pick<ServerOverview, 'valid' | 'lastError' | 'lastSeenAgeMs' | 'lagSeconds' | 'executedGtids'>;

function seen(sighting: Sighting | null, nowMs: number): Seen {
  if (sighting === null) {
    return { valid: false, lastError: null, lastSeenAgeMs: null, lagSeconds: null, executedGtids: '' };
  }
  const { valid, lastError, lastSeenAtMs, vitals } = sighting;
  return {
    valid,
    lastError,
    lastSeenAgeMs: lastSeenAtMs === null ? null : Math.max(0, nowMs - lastSeenAtMs),
    lagSeconds: vitals?.lagSeconds ?? null,
    executedGtids: vitals?.executedGtids ?? '',
  };
}

function replication(server: Server): Pick<ServerOverview, 'ioThread' | 'sqlThread' | 'replicationError'> {
  const channel = mainChannel(server.facts);
  if (channel === null) return { ioThread: null, sqlThread: null, replicationError: null };
  const { ioThread, sqlThread, sqlError, ioError } = channel;
  return { ioThread, sqlThread, replicationError: (sqlError ?? ioError)?.text ?? null };
}

function downtimeOf(downtime: Downtime | null): ServerOverview['downtime'] {
  if (downtime === null) return null;
  const { owner, reason, endsAtMs } = downtime;
  return { owner, reason, endsAtMs };
}
