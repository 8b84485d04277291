/**
 * What is asked of a cluster and must be answered once, whoever leads: a busy machine deposes a leader in the middle, whose
 * answer is then that it does not know, and under the same key the next one tells what became of it.
 */
import { randomUUID } from 'node:crypto';
import { until } from '../../../tools/demo/until.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { Answer } from '../../../tools/lab/orchestrator-node.js';

const ANSWER_MS = 60_000;
const PATIENCE_MS = 180_000;

/** JSON of the answer, also where it is a refusal. */
export async function askOnce(cluster: OrchestratorCluster, path: string): Promise<Answer> {
  const headers = { 'idempotency-key': randomUUID() };
  const ask = async (): Promise<Answer> => {
    const { url } = await cluster.leader();
    const response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
    const unknown = response.headers.get('x-orchestrator-error') ?? response.headers.get('x-orchestrator-refusal');
    const body: unknown = await response.json();
    if (unknown !== null && ['FATE_UNKNOWN', 'NOT_LEADER', 'NO_LEADER', 'NO_QUORUM'].includes(unknown))
      throw new Error(JSON.stringify(body));
    return { status: response.status, body };
  };
  return await until(`an answer to ${path}`, ask, PATIENCE_MS);
}
