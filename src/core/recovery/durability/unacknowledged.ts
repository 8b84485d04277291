/**
 * Which of the transactions that a former primary alone has were provably never acknowledged to a client? Two things must
 * hold. The failover that replaced it was one of which it is guaranteed that no acknowledged transaction was lost: then
 * whatever had been acknowledged by then is among what the replicas that were reached had received. And it still waited for
 * acknowledgements, without end, when it was fenced: then nobody was acknowledged in the moments between its return and its
 * fence either, because nobody replicates from it any more.
 *
 * A planned takeover left nothing behind: whatever the former primary alone has was written to it after it was closed, by an
 * account that passes read_only or after a restart had opened it, and acknowledged as the server then saw fit.
 *
 * What was known of the failover is committed at the opening of the return, so every node says the same, whenever it is asked.
 */
import { durabilityVerdict } from './durability.js';
import { isNone, minus, unionOf } from '../progress/gtids.js';
import type { ServerId } from '../../topology/server.js';
import type { Recovery, ReplacedBy } from '../recovery.js';

const WRITTEN_SINCE =
  'it was replaced by a planned takeover, closed and with all it had handed over, so that these were written to it afterwards';

/** What the return's record needs of the failover's; null where nobody can say. */
export function replacedBy(failover: Recovery | undefined, server: ServerId): ReplacedBy | null {
  if (failover?.kind === 'graceful-takeover') {
    return { recovery: failover.id, doubts: [WRITTEN_SINCE], received: '' };
  }
  const verdict = failover === undefined ? null : durabilityVerdict(failover);
  if (failover === undefined || verdict === null) return null;
  const received = failover.steps.flatMap(({ step, outcome }) =>
    step.kind === 'stop-io' && outcome?.ok === true
      ? [outcome.findings.executedGtids ?? '', outcome.findings.receivedGtids ?? '']
      : [],
  );
  const waited = failover.steps.flatMap(({ step, outcome }) =>
    step.kind === 'fence' && step.server === server && outcome?.ok === true ? [outcome.findings.waitedForAcks] : [],
  )[0];
  return {
    recovery: failover.id,
    doubts: verdict.kind === 'guaranteed' ? [] : verdict.because,
    received: unionOf(...received),
    ...(waited === undefined ? {} : { waitedForAcks: waited }),
  };
}

export interface Unacknowledged {
  /** '' when that is proven of none. */
  readonly gtids: string;
  /** Why it is not proven of all; empty when it is. */
  readonly because: readonly string[];
}

/** `extra`: what it alone has. `waited`: it waited for acknowledgements when it was fenced; undefined: it was closed then. */
export function unacknowledgedAmong(
  extra: string,
  replaced: ReplacedBy | undefined,
  waited: boolean | undefined,
): Unacknowledged {
  if (replaced === undefined) return { gtids: '', because: ['nothing is known of the failover that replaced it'] };
  const because = [...replaced.doubts];
  // One that was fenced before and is closed still was closed all the time between.
  if ((waited ?? replaced.waitedForAcks) !== true)
    because.push('it did not wait for acknowledgements any more when it was fenced');
  if (because.length > 0) return { gtids: '', because };
  const seen = minus(extra, minus(extra, replaced.received));
  const gtids = minus(extra, replaced.received);
  return { gtids, because: isNone(seen) ? [] : [`a replica has received ${seen}, which may have been acknowledged`] };
}
