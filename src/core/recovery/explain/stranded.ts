/**
 * A primary that was promoted and was gone before anybody was pointed at it has no replica that could testify to its death:
 * no failover comes by itself, and the cluster has no primary until a person says who it is to be. This says so, and how.
 */
import { addressText } from '../../topology/address.js';
import type { Server } from '../../topology/server.js';
import { type Belief, directReplicasOf, refusal, type Refusal, serverName, strandedReplicasOf } from '../belief.js';

export function strandedRefusals(belief: Belief, primary: Server): readonly Refusal[] {
  if (directReplicasOf(belief, primary).length > 0) return [];
  const stranded = strandedReplicasOf(belief, primary);
  const [[first, former] = []] = stranded;
  if (first === undefined || former === undefined) return [];
  const name = addressText(primary.address);
  const replicas = [...stranded.keys()].map((id) => serverName(belief, id)).join(', ');
  return [
    refusal(
      'stranded',
      `${name} was promoted, and nobody was pointed at it: ${replicas} still follow ${serverName(belief, former)}, which it replaced, so nobody could tell that ${name} is gone`,
      `if it is, promote one of them: orchestrator-client -c force-master-takeover -i ${name} -d ${serverName(belief, first)}`,
    ),
  ];
}
