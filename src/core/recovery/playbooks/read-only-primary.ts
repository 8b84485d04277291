/**
 * The primary of the committed epoch takes no writes. It is read under its barrier first, because what was reported may be
 * of the time before a step of ours; then it is opened under the epoch that it has.
 */
import { standingOf } from '../patience.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { hooksBefore } from './hooks.js';
import { closing, type Next, steps } from './next.js';

export function readOnlyPrimary(recovery: Recovery): Next {
  const { failed: server, inputs } = recovery;
  const look: Step = { kind: 'look', server };
  const seen = standingOf(recovery, look);
  if (seen.kind === 'pending') return steps([look]);
  if (seen.kind === 'given-up') return closing({ kind: 'undone', reason: seen.error });
  const { readOnly, openError } = seen.findings;
  if (readOnly === false) return closing({ kind: 'undone', reason: 'it takes writes already' });
  if (openError !== undefined) return closing({ kind: 'undone', reason: `it could not be opened: ${openError}` });
  const held = hooksBefore(recovery);
  if (held !== null) return held;
  const open: Step = { kind: 'open', server, epoch: inputs.epoch - 1, semiSync: inputs.semiSync };
  const standing = standingOf(recovery, open);
  if (standing.kind === 'pending') return steps([open]);
  return standing.kind === 'done'
    ? closing({ kind: 'succeeded' })
    : closing({ kind: 'failed', reason: `it could not be opened: ${standing.error}` });
}
