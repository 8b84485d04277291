/**
 * Who changes something at a follower and then asks that follower must find it changed. The leader says with its answer
 * up to where it has applied the log; the follower hands the answer on when it has come as far itself, or after a moment:
 * what was done is done, also where this node is late to learn of it.
 */
import type { Service } from '../../../runtime/ports/service.js';
import { HTTP_LIMITS } from '../limits.js';
import type { Reply } from '../reply.js';

const APPLIED = 'x-orchestrator-applied-index';

export function withAppliedIndex(reply: Reply, service: Pick<Service, 'node'>): Reply {
  return { ...reply, headers: { ...reply.headers, [APPLIED]: String(service.node().appliedIndex) } };
}

/** Resolves with the reply as it came. */
export async function caughtUp(reply: Reply, service: Pick<Service, 'node' | 'subscribe'>): Promise<Reply> {
  const index = Number(reply.headers?.[APPLIED]);
  const isThere = (): boolean => service.node().appliedIndex >= index;
  // Nothing was done where no index came along; an older leader says none either.
  if (!Number.isSafeInteger(index) || isThere()) return reply;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(waiting);
      unsubscribe();
      resolve();
    };
    const waiting = setTimeout(end, HTTP_LIMITS.caughtUpMs);
    const unsubscribe = service.subscribe(({ kind }) => {
      if (kind === 'state' && isThere()) end();
    });
  });
  return reply;
}
