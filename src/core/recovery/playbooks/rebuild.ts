/**
 * A way back for any server, whatever it has: all its data is replaced by a copy of another server's (the CLONE plugin of
 * MySQL 8.0.17 and later), and it follows the primary again. The donor is looked at before the primary is, so that a donor
 * that holds what the primary lacks is found before anything is thrown away.
 *
 * The copy runs on the server itself and outlives a leader that dies meanwhile: the next one finds it under way and waits
 * for its end. Before it is begun nothing is lost; from then on there is no way but forward.
 */
import { isNone, minus } from '../progress/gtids.js';
import { standingOf } from '../patience.js';
import type { Participant, Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { closing, givenUpOf, nameOf, type Next, participantOf, pendingOf, steps } from './next.js';
import { rejoining } from './stock.js';

export function rebuild(recovery: Recovery): Next {
  const { participants } = recovery.inputs;
  const server = participantOf(recovery, recovery.failed);
  const primary = participants.find(({ role }) => role === 'primary');
  const donor = participants.find(({ role }) => role === 'donor') ?? primary;
  if (primary === undefined || donor === undefined) {
    return closing({ kind: 'undone', reason: 'the cluster has no primary to follow' });
  }
  const before = beforeCopy(recovery, server, donor, primary);
  if (before !== null) return before;
  const prepared = standingOf(recovery, { kind: 'prepare-clone', server: server.id });
  const lastCopy = prepared.kind === 'done' ? (prepared.findings.lastCopy ?? '') : '';
  const copy: Step = { kind: 'clone', server: server.id, source: donor.id, lastCopy };
  const standing = standingOf(recovery, copy);
  if (standing.kind === 'pending') return steps([copy]);
  if (standing.kind === 'given-up') return closing({ kind: 'failed', reason: standing.error });
  return rejoining(recovery, { server, primary });
}

function beforeCopy(recovery: Recovery, server: Participant, donor: Participant, primary: Participant): Next | null {
  const own: Step =
    server.role === 'former' ? { kind: 'fence', server: server.id } : { kind: 'look', server: server.id };
  const rounds: readonly (readonly Step[])[] = [
    [own, { kind: 'look', server: donor.id }],
    donor === primary ? [] : [{ kind: 'look', server: primary.id }],
  ];
  for (const round of rounds) {
    const pending = pendingOf(recovery, round);
    if (pending.length > 0) return steps(pending);
    const failed = givenUpOf(recovery, round);
    if (failed !== null) return closing({ kind: 'undone', reason: failed.error });
  }
  const stray = strayOf(recovery, donor, primary);
  if (stray !== null) return closing({ kind: 'undone', reason: stray });
  const preparing: readonly Step[] = [
    { kind: 'prepare-clone', server: donor.id },
    { kind: 'prepare-clone', server: server.id },
  ];
  const pending = pendingOf(recovery, preparing);
  if (pending.length > 0) return steps(pending);
  const failed = givenUpOf(recovery, preparing);
  return failed === null ? null : closing({ kind: 'undone', reason: failed.error });
}

/** A copy of it would bring back what is to be got rid of. */
function strayOf(recovery: Recovery, donor: Participant, primary: Participant): string | null {
  const hasOf = ({ id }: Participant): string => {
    const look = standingOf(recovery, { kind: 'look', server: id });
    return look.kind === 'done' ? (look.findings.executedGtids ?? '') : '';
  };
  const extra = minus(hasOf(donor), hasOf(primary));
  return isNone(extra)
    ? null
    : `the donor ${nameOf(recovery, donor.id)} has transactions that the primary lacks: ${extra}`;
}
