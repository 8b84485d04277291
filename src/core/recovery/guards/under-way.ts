/**
 * One recovery bars another: which, of what kind, of which server, since when and for whom, and what can be done about it.
 * Told in one place, because whoever is refused at 3 a.m. must know whether to wait, to look, or to end what goes on.
 */
import { isoTime } from '../../base/iso-time.js';
import { type Belief, refusal, type Refusal, serverName } from '../belief.js';
import type { Recovery } from '../recovery.js';

/** It stands in the log, and is not closed. `where`: on what it is alone. */
export function underWay(belief: Belief, open: Recovery, where: 'in this cluster' | 'there'): Refusal {
  const since = `since ${isoTime(open.openedAtMs)}`;
  return refusal(
    'open-recovery',
    `${nameOf(belief, open)}, ${since}, asked for by ${open.inputs.requestedBy}) is under way ${where}: ${wayOut(belief, open)}`,
  );
}

/** It is on its way into the log. */
export function beingOpened(belief: Belief, opening: Recovery): Refusal {
  const text = `${nameOf(belief, opening)}, asked for by ${opening.inputs.requestedBy}) is just being opened in this cluster`;
  return refusal('open-recovery', `${text}: ${wayOut(belief, opening)}`);
}

/** The parenthesis is left open. */
function nameOf(belief: Belief, { id, kind, inputs, failed }: Recovery): string {
  const what = inputs.switching?.command ?? inputs.command ?? inputs.movement?.command ?? kind;
  return `${what} of ${serverName(belief, failed)} (recovery ${id}`;
}

function wayOut(belief: Belief, { id, kind, failed }: Recovery): string {
  const look = `its steps: orchestrator-client -c history -i ${serverName(belief, failed)}`;
  const end = kind === 'move' ? `, or end it: orchestrator-client -c cancel-move -i ${id}` : '';
  return `wait until it has ended${end} (${look})`;
}
