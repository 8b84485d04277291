/**
 * What the leader would say against a takeover at this moment. That it knows the servers is not enough to be given one: what
 * another node has seen of them beside their facts, as their lag, reaches it a moment later.
 */
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';

interface Planned {
  readonly refusals: readonly { readonly code: string; readonly message: string }[];
}

/** The codes of its refusals; none: it would begin. */
export async function objectionsTo(
  cluster: OrchestratorCluster,
  primary: LabServer,
  candidate: LabServer,
): Promise<readonly string[]> {
  const [from, to] = [primary, candidate].map(({ address }) => address.replace(':', '/'));
  const leader = await cluster.leader();
  const { refusals } = await leader.get<Planned>(
    `/api/v1/plan/graceful-master-takeover-auto/${from ?? ''}/${to ?? ''}`,
  );
  return refusals.map(({ code }) => code);
}
