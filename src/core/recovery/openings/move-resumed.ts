/**
 * A plan of moves gave way to a recovery, or lost a server that fell silent, and left servers stopped in the middle of their
 * way. They go on where they are: where an operator wanted them is no reason any more, because the tree is another one now.
 */
import { type Belief, refusal } from '../belief.js';
import { leftStopped } from '../interrupted.js';
import { type LeftByMove, mayGoOn } from '../ways-back/left-by-moves.js';
import type { Recovery } from '../recovery.js';
import type { ServerId } from '../../topology/server.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';

export function openMoveResumed(belief: Belief, recovery: Recovery, context: OpeningContext): Opening {
  const broken = belief.recoveries.get(recovery.id);
  return resumed(belief, recovery, broken === undefined ? new Set() : leftStopped(belief, broken), context);
}

/** One that was left stopped alone, and answers again. */
export function openLeftByMove(belief: Belief, left: LeftByMove, context: OpeningContext): Opening {
  const recovery = belief.recoveries.get(left.recovery);
  if (recovery === undefined || !mayGoOn(belief, left)) {
    return refused(refusal('left-alone', `server ${left.server} is in other hands`, 'nothing is left to do'));
  }
  return resumed(belief, recovery, new Set([left.server]), context);
}

function resumed(
  belief: Belief,
  { inputs, failed, id, ...old }: Recovery,
  left: ReadonlySet<ServerId>,
  context: OpeningContext,
): Opening {
  const { movement } = inputs;
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
