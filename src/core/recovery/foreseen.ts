/**
 * What a recovery would do, in words, were it opened now: for a node that only observes, so that it can be compared with
 * what another system did. It is played on what the servers said last, by the playbook that would be played.
 */
import type { Belief } from './belief.js';
import { serverName } from './belief.js';
import { playedOn } from './explain.js';
import type { Recovery } from './recovery.js';
import type { Sights } from './sights.js';
import { describeStep } from './step-text.js';

export function foreseenText(belief: Belief, opening: Recovery, sights: Sights): string {
  const { preview, record } = playedOn(opening, { belief, sights });
  const { verdict, lost } = preview.ending;
  const name = (server: Parameters<typeof serverName>[1]): string => serverName(belief, server);
  const promoted =
    record.successor === null ? 'nobody would be promoted' : `${name(record.successor)} would be promoted`;
  const failing = verdict.kind === 'succeeded' ? '' : `, and it would come to nothing: ${verdict.reason}`;
  const apart = lost.map(({ server, reason }) => `; ${name(server)} would be set apart: ${reason}`).join('');
  const steps = preview.steps.map((step, at) => `${String(at + 1)}. ${describeStep(step, name)}`).join('; ');
  return `${promoted}${failing}${apart}. The plan: ${steps}`;
}
