/**
 * What a server has of the transactions of the cluster that a plan is about. For most servers that is all they have. A
 * replica of several sources has those of the others as well, which nobody here will ever have and nobody misses; compared
 * as it stands it would look written to, and be set apart by every failover.
 */
import { shareOf, unionOf, withoutPlaces } from './gtids.js';
import type { Recovery } from '../recovery.js';
import type { StepFindings } from '../step.js';
import type { ServerId } from '../../topology/server.js';

/** Executed or received; `server` is the one that said so. */
export function hasHere(recovery: Recovery, server: ServerId, findings: StepFindings): string {
  const { executedGtids = '', receivedGtids = '' } = findings;
  const has = unionOf(executedGtids, receivedGtids);
  const { participants } = recovery.inputs;
  const own = participants.find(({ id }) => id === server);
  // Of what was received by place the transactions are told, too, where they are counted by sets.
  if (own?.channel === undefined) {
    return own?.countsBy === undefined && findings.ownEnd === undefined ? withoutPlaces(has) : has;
  }
  const writers = participants.filter(({ channel }) => channel === undefined).map(({ id }) => id);
  return shareOf(has, receivedGtids, knownHere(recovery), writers);
}

/** All that servers of one source were seen with in this plan. */
function knownHere({ inputs, steps }: Recovery): string {
  const mixed = new Set(inputs.participants.flatMap(({ id, channel }) => (channel === undefined ? [] : [id])));
  const seen = steps.flatMap(({ step, outcome }) =>
    outcome?.ok === true && !mixed.has(step.server)
      ? [outcome.findings.executedGtids ?? '', outcome.findings.receivedGtids ?? '']
      : [],
  );
  return unionOf(...new Set(seen));
}
