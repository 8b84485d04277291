/**
 * What a recovery would do, in words, were it opened now: for a node that only observes, so that it can be compared with
 * what another system did. It is played on what the servers said last, by the playbook that would be played.
 */
import { assumedOf } from './assumed.js';
import type { Belief } from '../belief.js';
import { serverName } from '../belief.js';
import { preview } from './preview.js';
import type { Recovery, RecoveryKind } from '../recovery.js';
import type { Sights } from '../sights.js';
import type { StepFindings } from '../step.js';
import { describeStep } from '../step-text.js';

/** What is mended in a server that answers; all else is about one that does not. */
const LIVES: readonly RecoveryKind[] = ['read-only-primary', 'semi-sync'];

/** Null: it does not answer. Who is asked to acknowledge does. */
function ofTheFailed({ kind, inputs }: Recovery, said: StepFindings | null): StepFindings | null {
  if (!LIVES.includes(kind) || said === null) return null;
  // The problem is told by a look that the log may not have yet.
  const closed = kind === 'read-only-primary' ? { ...said, readOnly: true } : said;
  return inputs.semiSync === null ? closed : { ...closed, acknowledgers: inputs.semiSync.waitCount };
}

export function foreseenText(belief: Belief, opening: Recovery, sights: Sights): string {
  const {
    ending,
    steps: planned,
    record,
  } = preview(opening, (server) =>
    server === opening.failed
      ? ofTheFailed(opening, assumedOf(belief, sights, server))
      : assumedOf(belief, sights, server),
  );
  const { verdict, lost } = ending;
  const name = (server: Parameters<typeof serverName>[1]): string => serverName(belief, server);
  const promoted =
    record.successor === null ? 'nobody would be promoted' : `${name(record.successor)} would be promoted`;
  const failing = verdict.kind === 'succeeded' ? '' : `, and it would come to nothing: ${verdict.reason}`;
  const apart = lost.map(({ server, reason }) => `; ${name(server)} would be set apart: ${reason}`).join('');
  const steps = planned.map((step, at) => `${String(at + 1)}. ${describeStep(step, name)}`).join('; ');
  return `${promoted}${failing}${apart}. The plan: ${steps}`;
}
