/**
 * Who acknowledges to the primary is changed: those who are to, first; then it is counted at the primary, and commits that
 * hang there are released; and only if enough remain without them are the others told not to. In between more may acknowledge
 * than operators want, and never fewer.
 */
import { standingOf } from '../patience.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { named } from '../telling/naming.js';
import { AT_ONCE, closing, givenUpOf, nameOf, type Next, pendingOf, steps } from './next.js';

export function semiSync(recovery: Recovery): Next {
  const enabling = changes(recovery, true);
  const first = pendingOf(recovery, enabling);
  if (first.length > 0) return steps(first.slice(0, AT_ONCE));
  const look: Step = { kind: 'look', server: recovery.failed, acknowledgers: true };
  const seen = standingOf(recovery, look);
  if (seen.kind === 'pending') return steps([look]);
  const failure = givenUpOf(recovery, enabling);
  const because = failure === null ? '' : `: ${named(nameOf(recovery, failure.step.server), failure.error)}`;
  if (seen.kind === 'given-up') return closing({ kind: 'failed', reason: `${seen.error}${because}` });
  const wanted = recovery.inputs.semiSync?.waitCount ?? 0;
  const count = seen.findings.acknowledgers ?? 0;
  if (count < wanted) {
    const reason = `${String(count)} replicas acknowledge to it and it waits for ${String(wanted)}${because}`;
    return closing({ kind: 'failed', reason });
  }
  // The next write of anybody would release them as well, so that this may fail.
  const release: Step = { kind: 'release', server: recovery.failed };
  if (enabling.length > 0 && pendingOf(recovery, [release]).length > 0) return steps([release]);
  return disable(recovery, count - wanted);
}

function changes(recovery: Recovery, on: boolean): readonly Step[] {
  return recovery.inputs.participants
    .filter(({ acknowledges }) => acknowledges === on)
    .map(({ id }): Step => ({ kind: 'acknowledge', server: id, on }));
}

/** As many as the primary can spare. */
function disable(recovery: Recovery, spare: number): Next {
  const wanted = changes(recovery, false);
  const disabling = wanted.slice(0, spare);
  const pending = pendingOf(recovery, disabling);
  if (pending.length > 0) return steps(pending.slice(0, AT_ONCE));
  const failure = givenUpOf(recovery, disabling);
  if (failure !== null) {
    return closing({ kind: 'failed', reason: named(nameOf(recovery, failure.step.server), failure.error) });
  }
  if (disabling.length === wanted.length) return closing({ kind: 'succeeded' });
  const left = wanted.slice(spare).map(({ server }) => nameOf(recovery, server));
  return closing({
    kind: 'failed',
    reason: `${left.join(', ')} still acknowledge, because the primary cannot spare them`,
  });
}
