/**
 * Of what a server that was set apart had alone, what does the primary lack still? Empty transactions may have been committed
 * for it there since, by a way back that was not finished or by hand; as far as this node has seen the primary.
 */
import { isNone, minus } from '../../../core/recovery/progress/gtids.js';
import type { ServerId } from '../../../core/topology/server.js';
import { type Service, sightingOfServer } from '../../../runtime/ports/service.js';

export function stillAlone(id: ServerId, gtids: string, service: Service): string {
  if (gtids === '') return '';
  const { servers, clusters } = service.state;
  const primary = servers.get(clusters.get(servers.get(id)?.clusterId ?? ('' as never))?.primary ?? id);
  if (primary === undefined || primary.id === id) return gtids;
  const has = sightingOfServer(primary, service.sighting(primary.address))?.vitals?.executedGtids ?? '';
  const left = minus(gtids, has);
  return isNone(left) ? '' : left;
}
