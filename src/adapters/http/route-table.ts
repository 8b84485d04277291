/** The whole HTTP surface, in one list. */
import type { Route } from './route.js';
import type { RouteGroup } from './openapi/document.js';
import { accessTokenRoutes } from './routes/access-tokens.js';
import { ACKNOWLEDGEMENT_ROUTES } from './routes/acknowledgements.js';
import { ANALYSIS_ROUTES } from './routes/analysis.js';
import { apiDescriptionRoutes } from './routes/api-description.js';
import { AUDIT_ROUTES } from './routes/audit.js';
import { BACKEND_METRICS_ROUTES } from './routes/backend-metrics.js';
import { BLOCKED_RECOVERY_ROUTES } from './routes/blocked-recoveries.js';
import { CLUSTER_ROUTES } from './routes/clusters.js';
import { CONFIGURATION_ROUTES } from './routes/configuration.js';
import { CONTROL_REPLICA_ROUTES } from './routes/control-replicas.js';
import { DISCOVERY_ROUTES } from './routes/discovery.js';
import { DOWNTIME_ROUTES } from './routes/downtimes.js';
import { EXPLAIN_ROUTES } from './routes/explain.js';
import { HISTORY_ROUTES } from './routes/history.js';
import { INQUIRY_ROUTES } from './routes/inquiries.js';
import { INSTANCE_ROUTES } from './routes/instances.js';
import { KEY_VALUE_ROUTES } from './routes/key-values.js';
import { LABEL_ROUTES } from './routes/labels.js';
import { NAME_ROUTES } from './routes/names.js';
import { MEMBERSHIP_ROUTES } from './routes/membership.js';
import { NODE_ROUTES } from './routes/nodes.js';
import { OWN_ROUTES } from './routes/own.js';
import { pageRoutes } from './routes/pages.js';
import { PAST_ROUTES } from './routes/past.js';
import { POOL_ROUTES } from './routes/pools.js';
import { PROBING_METRICS_ROUTES } from './routes/probing-metrics.js';
import { RECOVERY_ROUTES } from './routes/recoveries.js';
import { REPLICABILITY_ROUTES } from './routes/replicability.js';
import { TAG_ROUTES } from './routes/tags.js';
import { RECOVERY_REQUEST_ROUTES } from './routes/recovery-requests.js';
import { TOPOLOGY_ROUTES } from './routes/topology.js';
import { MOVE_ROUTES } from './routes/moves.js';
import { REPLICATION_INQUIRY_ROUTES } from './routes/replication-inquiries.js';
import { SWITCH_ROUTES } from './routes/switches.js';
import { UNSUPPORTED_ROUTES } from './routes/unsupported.js';
import { WAY_BACK_ROUTES } from './routes/ways-back.js';

/** In the order in which people look for things. */
export function routeGroups(urlPrefix: string): readonly RouteGroup[] {
  return [
    group('Clusters', CLUSTER_ROUTES, TOPOLOGY_ROUTES, CONTROL_REPLICA_ROUTES),
    group('Servers', INSTANCE_ROUTES, DISCOVERY_ROUTES, INQUIRY_ROUTES, REPLICABILITY_ROUTES, NAME_ROUTES),
    group('Problems', ANALYSIS_ROUTES, EXPLAIN_ROUTES),
    group(
      'Recoveries',
      RECOVERY_REQUEST_ROUTES,
      WAY_BACK_ROUTES,
      RECOVERY_ROUTES,
      BLOCKED_RECOVERY_ROUTES,
      ACKNOWLEDGEMENT_ROUTES,
    ),
    group('Rearranging', MOVE_ROUTES),
    group('Changing one server', SWITCH_ROUTES, REPLICATION_INQUIRY_ROUTES),
    group('Words about servers', DOWNTIME_ROUTES, LABEL_ROUTES, TAG_ROUTES, POOL_ROUTES, KEY_VALUE_ROUTES),
    group('History', AUDIT_ROUTES, HISTORY_ROUTES, PAST_ROUTES),
    group(
      'Nodes',
      NODE_ROUTES,
      MEMBERSHIP_ROUTES,
      CONFIGURATION_ROUTES,
      PROBING_METRICS_ROUTES,
      BACKEND_METRICS_ROUTES,
    ),
    group('Overview', OWN_ROUTES, accessTokenRoutes(urlPrefix), pageRoutes(urlPrefix)),
    group('Not supported yet', UNSUPPORTED_ROUTES),
  ];
}

export function routeTable(urlPrefix: string): readonly Route[] {
  const groups = routeGroups(urlPrefix);
  return [...groups.flatMap(({ routes }) => routes), ...apiDescriptionRoutes(groups, urlPrefix)];
}

function group(name: string, ...tables: readonly (readonly Route[])[]): RouteGroup {
  return { name, routes: tables.flat() };
}
