/**
 * Servers as they are believed to be, and the clusters they form. A cluster outlives its primaries: it is placed by
 * walking from a server to the root of its tree, and the root keeps the cluster it was in, so a promoted replica takes
 * the cluster's id along and a demoted primary stays in it.
 */
import { type Address, addressKey, addressText, sameAddress } from '../../topology/address.js';
import { describeChanges, sameValue } from '../../topology/diff.js';
import { isReplicating, mainChannel, type Server, type ServerFacts, type ServerId } from '../../topology/server.js';
import { indexServers, sourceOf } from '../../topology/sources.js';
import type { ServerObserved } from '../command.js';
import { LOST_REASON } from '../../recovery/belief.js';
import { type Draft, type Fact, fact, rejected } from '../draft.js';
import type { Target } from '../state.js';
import { forgottenAddresses } from '../tombstones.js';
import { withAlias } from './addresses.js';
import { removeServer, takesPartInRecovery } from './forgetting.js';
import { noticeOpened } from './kept-closed.js';
import { placeServers } from './placement.js';

export function applyObserved(draft: Draft, observed: readonly ServerObserved[]): readonly Fact[] {
  const facts: Fact[] = [];
  const forgotten = forgottenAddresses(draft);
  for (const one of observed) {
    if (!isKeptOut(draft, one, forgotten)) facts.push(...observeServer(draft, withRegisteredRule(draft, one)));
  }
  for (const { id } of observed) noticeOpened(draft, id);
  facts.push(...placeServers(draft));
  for (const { id } of observed) facts.push(...findAgain(draft, id));
  return facts;
}

/** Forgotten until somebody asks for it, or a copy under the identity of another. */
function isKeptOut(draft: Draft, { id, address }: ServerObserved, forgotten: ReadonlySet<string>): boolean {
  const text = addressText(address);
  return (
    draft.tombstones.has(id) || forgotten.has(addressKey(address)) || draft.sharedIdentities.get(text)?.server === id
  );
}

/** An operator's promotion rule stands over the server's own, which is kept for when it expires. */
function withRegisteredRule(draft: Draft, observed: ServerObserved): ServerObserved {
  const candidate = draft.candidates.get(observed.id);
  const detected = observed.facts.promotionRule;
  if (candidate === undefined || candidate.rule === detected) return observed;
  draft.candidates.set(observed.id, { ...candidate, detected });
  return { ...observed, facts: { ...observed.facts, promotionRule: candidate.rule } };
}

/** A server that was lost in a recovery and follows the primary of today is lost no more. */
function findAgain(draft: Draft, id: ServerId): readonly Fact[] {
  const server = draft.servers.get(id);
  const channel = server === undefined ? null : mainChannel(server.facts);
  if (server === undefined || channel === null || !isReplicating(channel)) return [];
  if (draft.downtimes.get(id)?.reason !== LOST_REASON || draft.demotions.has(id)) return [];
  const source = sourceOf(indexServers(draft.servers.values()), server);
  if (source === null || draft.clusters.get(server.clusterId)?.primary !== source.id) return [];
  draft.downtimes.delete(id);
  const text = `${addressText(server.address)} was lost and replicates again: its downtime ends`;
  return [fact('downtime-ended', text, id, server.clusterId)];
}

function observeServer(draft: Draft, observed: ServerObserved): readonly Fact[] {
  const before = draft.servers.get(observed.id);
  forgetTarget(draft, observed.address);
  if (before === undefined) {
    draft.servers.set(observed.id, newServer(draft, observed));
    return [
      fact('server-found', `${addressText(observed.address)} is ${observed.facts.version.text}`, observed.id, null),
    ];
  }
  const moved = !sameAddress(before.address, observed.address);
  const changedFacts = !sameValue(before.facts, observed.facts);
  draft.servers.set(observed.id, {
    ...before,
    // The first address stays: a server that is reached by another name too must not change its name in every list.
    aliases: moved ? withAlias(before.aliases, observed.address, before.address) : before.aliases,
    facts: observed.facts,
    changedAtMs: changedFacts ? draft.nowMs : before.changedAtMs,
  });
  return changedFacts ? changes(before, observed.facts) : [];
}

function newServer(draft: Draft, observed: ServerObserved): Server {
  return {
    id: observed.id,
    address: observed.address,
    aliases: [],
    // Placement gives it its cluster before the entry ends; until then it stands alone.
    clusterId: '' as Server['clusterId'],
    facts: observed.facts,
    changedAtMs: draft.nowMs,
    firstSeenAtMs: draft.nowMs,
  };
}

function changes(before: Server, after: ServerFacts): readonly Fact[] {
  const name = addressText(before.address);
  return describeChanges(before.facts, after).map((words) =>
    fact('server-changed', `${name}: ${words}`, before.id, before.clusterId),
  );
}

export function applyTargets(draft: Draft, targets: readonly Omit<Target, 'addedAtMs'>[]): readonly Fact[] {
  const facts: Fact[] = [];
  const forgotten = forgottenAddresses(draft);
  for (const target of targets) {
    const key = addressText(target.address);
    if (forgotten.has(addressKey(target.address)) || draft.sharedIdentities.has(key)) continue;
    if (draft.targets.has(key) || isKnown(draft, target.address)) continue;
    draft.targets.set(key, { ...target, addedAtMs: draft.nowMs });
    facts.push(fact('target-added', `${key} is to be probed (${target.origin})`, null, null));
  }
  return facts;
}

function isKnown(draft: Draft, address: Address): boolean {
  for (const server of draft.servers.values()) {
    if (sameAddress(server.address, address) || server.aliases.some((alias) => sameAddress(alias, address)))
      return true;
  }
  return false;
}

function forgetTarget(draft: Draft, address: Address): void {
  draft.targets.delete(addressText(address));
}

export function applyForgotten(draft: Draft, address: Address): readonly Fact[] {
  forgetTarget(draft, address);
  const server = [...draft.servers.values()].find((known) => sameAddress(known.address, address));
  if (server === undefined) return [fact('server-forgotten', `${addressText(address)} is forgotten`, null, null)];
  if (takesPartInRecovery(draft, server.id)) {
    return rejected(`${addressText(address)} takes part in a recovery that is still open`, server.id, server.clusterId);
  }
  removeServer(draft, server.id);
  return [
    fact('server-forgotten', `${addressText(address)} is forgotten`, server.id, server.clusterId),
    ...placeServers(draft),
  ];
}
