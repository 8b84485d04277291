/** The id of a cluster that a person names by alias, name or member: what happens is told under ids. */
import { ok, type Result } from '../../../core/base/result.js';
import { field, textOf } from '../answer.js';
import type { ApiSession, Failure } from '../session.js';

export async function clusterIdOf(session: ApiSession, hint: string): Promise<Result<string, Failure>> {
  const answer = await session.call(`v1/history/${encodeURIComponent(hint)}?limit=1`, false);
  if (!answer.ok) return answer;
  return ok(textOf(field(field(answer.value.payload, 'cluster'), 'id') ?? ''));
}
