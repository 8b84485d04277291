/**
 * A plan of moves gave way to a recovery and left servers stopped in the middle of their way. They go on where they are:
 * where an operator wanted them is no reason any more, because the tree is another one now.
 */
import { type Belief, refusal } from '../belief.js';
import { leftStopped } from '../interrupted.js';
import type { Recovery } from '../recovery.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';

export function openMoveResumed(
  belief: Belief,
  { inputs, failed, id, ...old }: Recovery,
  context: OpeningContext,
): Opening {
  const { movement } = inputs;
  const broken = belief.recoveries.get(id);
  const left = broken === undefined ? new Set() : leftStopped(belief, broken);
  const participants = inputs.participants.filter((one) => left.has(one.id) && one.start && belief.servers.has(one.id));
  const isForeign = participants.some(({ channel }) => channel !== undefined);
  const home = (isForeign ? undefined : belief.servers.get(failed)?.clusterId) ?? old.clusterId;
  if (movement === undefined || participants.length === 0 || !belief.clusters.has(home)) {
    return refused(refusal('nothing-left', 'nobody was left stopped', 'nothing is left to do'));
  }
  const description = `what ${movement.command} had stopped goes on where it is (${id})`;
  return opened(
    context,
    { kind: 'move', clusterId: home, code: 'Move', description, failed },
    {
      participants,
      epoch: (belief.clusters.get(home)?.epoch ?? 0) + 1,
      requestedCandidate: null,
      startFormerPrimary: false,
      applyLimitMs: inputs.applyLimitMs,
      semiSync: null,
      forced: true,
      movement: {
        ...movement,
        manner: 'resume',
        moves: participants.map((one) => ({ server: one.id, to: one.id, from: null })),
        refused: [],
      },
    },
  );
}
