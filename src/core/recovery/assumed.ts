/** What a server would say if a plan came to it now, had nothing happened since it was last seen. */
import { mainChannel, type ServerId } from '../topology/server.js';
import type { Belief } from './belief.js';
import { progressSeen } from './seen-progress.js';
import type { Sights } from './sights.js';
import type { StepFindings } from './step.js';

/** Null: it does not answer. */
export function assumedOf({ servers }: Pick<Belief, 'servers'>, sights: Sights, id: ServerId): StepFindings | null {
  const { answers, vitals } = sights(id);
  const server = servers.get(id);
  if (!answers || server === undefined) return null;
  const error = mainChannel(server.facts)?.sqlError ?? null;
  return {
    readOnly: server.facts.readOnly,
    ...(error === null ? {} : { applierError: `error ${String(error.number)}: ${error.text}` }),
    ...(vitals === null ? null : progressSeen(server, vitals)),
  };
}
