/** The incumbent's ClusterInfo. */
import type { PublicSettings } from '../../../runtime/ports/service.js';
import type { ClusterView } from '../views/topology-index.js';

export interface LegacyClusterInfo {
  readonly ClusterName: string;
  readonly ClusterAlias: string;
  readonly ClusterDomain: string;
  readonly CountInstances: number;
  readonly HeuristicLag: number;
  readonly HasAutomatedMasterRecovery: boolean;
  readonly HasAutomatedIntermediateMasterRecovery: boolean;
}

export function legacyClusterInfo(view: ClusterView, settings: PublicSettings): LegacyClusterInfo {
  return {
    ClusterName: view.name,
    ClusterAlias: view.cluster.alias === '' ? view.name : view.cluster.alias,
    ClusterDomain: view.cluster.domain,
    CountInstances: view.members.length,
    HeuristicLag: 0,
    HasAutomatedMasterRecovery: settings.automaticPrimaryRecovery(view.cluster.id),
    HasAutomatedIntermediateMasterRecovery: settings.automaticIntermediateRecovery(view.cluster.id),
  };
}

/** Within an analysis or a recovery: members are not counted, and the domain falls back to the name. */
export function legacyClusterDetails(view: ClusterView, settings: PublicSettings): LegacyClusterInfo {
  return { ...legacyClusterInfo(view, settings), ClusterDomain: view.cluster.domain || view.name, CountInstances: 0 };
}
