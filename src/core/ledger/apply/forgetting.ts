/**
 * How servers leave the state. What somebody asks to forget leaves a tombstone, which keeps it out until somebody asks to
 * discover it: a neighbour that still names it would otherwise bring it back with the next probe. What merely was not seen
 * for long leaves nothing, and comes back with whoever names it.
 */
import { type Address, addressText, sameAddress } from '../../topology/address.js';
import type { Server, ServerId } from '../../topology/server.js';
import type { KeepingCommand } from '../command.js';
import { type Draft, type Fact, fact, rejected } from '../draft.js';
import type { LedgerState } from '../state.js';
import { placeServers } from './placement.js';

type Of<Kind extends KeepingCommand['kind']> = Extract<KeepingCommand, { kind: Kind }>;

/** The oldest go first: by then whoever named them has long been told, and a snapshot must stay bounded. */
const TOMBSTONES_KEPT = 10_000;

export function applyServersForgotten(draft: Draft, command: Of<'servers-forgotten'>): readonly Fact[] {
  const { servers, addresses, by } = command;
  const known = servers.flatMap((id) => draft.servers.get(id) ?? []);
  const busy = known.find((server) => takesPartInRecovery(draft, server.id));
  if (busy !== undefined) {
    const text = `${addressText(busy.address)} takes part in a recovery that is still open`;
    return rejected(text, busy.id, busy.clusterId);
  }
  const facts: Fact[] = [];
  for (const server of known) facts.push(buryServer(draft, server, by));
  const buried = servers.filter((id) => !known.some((server) => server.id === id) && draft.tombstones.has(id));
  for (const id of buried) extend(draft, id, addresses);
  if (buried.length === 0) for (const address of addresses) facts.push(...buryAddress(draft, address, by));
  for (const address of addresses) draft.targets.delete(addressText(address));
  dropOldest(draft);
  return known.length === 0 ? facts : [...facts, ...placeServers(draft)];
}

function buryServer(draft: Draft, server: Server, by: string): Fact {
  const addresses = [server.address, ...server.aliases];
  draft.tombstones.set(server.id, { server: server.id, addresses, by, atMs: draft.nowMs });
  removeServer(draft, server.id);
  const text = `${by}: ${addressText(server.address)} is forgotten until somebody discovers it`;
  return fact('server-forgotten', text, server.id, server.clusterId);
}

/** A forgotten server turned up under a name that nobody knew: that name is forgotten with it. */
function extend(draft: Draft, id: ServerId, addresses: readonly Address[]): void {
  const tombstone = draft.tombstones.get(id);
  if (tombstone === undefined) return;
  const news = addresses.filter((address) => !tombstone.addresses.some((known) => sameAddress(known, address)));
  draft.tombstones.set(id, { ...tombstone, addresses: [...tombstone.addresses, ...news] });
}

function buryAddress(draft: Draft, address: Address, by: string): readonly Fact[] {
  const key = addressText(address);
  if (draft.tombstones.has(key)) return [];
  draft.tombstones.set(key, { server: null, addresses: [address], by, atMs: draft.nowMs });
  return [fact('server-forgotten', `${by}: ${key} is forgotten until somebody discovers it`, null, null)];
}

function dropOldest(draft: Draft): void {
  for (const key of draft.tombstones.keys()) {
    if (draft.tombstones.size <= TOMBSTONES_KEPT) return;
    draft.tombstones.delete(key);
  }
}

export function applyForgettingLifted(draft: Draft, { keys, by }: Of<'forgetting-lifted'>): readonly Fact[] {
  return keys.flatMap((key) => {
    const tombstone = draft.tombstones.get(key);
    if (tombstone === undefined) return [];
    draft.tombstones.delete(key);
    const names = tombstone.addresses.map(addressText).join(', ');
    return [fact('forgetting-lifted', `${by}: ${names} may be known again`, tombstone.server, null)];
  });
}

export function applyServersExpired(draft: Draft, { servers, addresses }: Of<'servers-expired'>): readonly Fact[] {
  const facts: Fact[] = [];
  for (const id of servers) {
    const server = draft.servers.get(id);
    // A former primary that was never fenced must find its demotion when it comes back, however late.
    if (server === undefined || draft.demotions.has(id) || takesPartInRecovery(draft, id)) continue;
    removeServer(draft, id);
    const text = `${addressText(server.address)} was not seen for too long and is forgotten`;
    facts.push(fact('server-expired', text, id, server.clusterId));
  }
  for (const address of addresses) {
    if (!draft.targets.delete(addressText(address))) continue;
    facts.push(fact('target-expired', `nobody ever answered at ${addressText(address)}`, null, null));
  }
  return facts.length === 0 ? [] : [...facts, ...placeServers(draft)];
}

export function applySilence(draft: Draft, { silent, answering }: Of<'silence-changed'>): readonly Fact[] {
  for (const id of answering) draft.silences.delete(id);
  for (const silence of silent) if (draft.servers.has(silence.server)) draft.silences.set(silence.server, silence);
  return [];
}

/** With everything that is kept about it. */
export function removeServer(draft: Draft, id: ServerId): void {
  const { servers, demotions, downtimes, incidents, candidates, tags, maintenances, silences } = draft;
  for (const records of [servers, demotions, downtimes, incidents, candidates, tags, maintenances, silences]) {
    records.delete(id);
  }
  for (const [key, detection] of draft.detections) if (detection.server === id) draft.detections.delete(key);
  for (const [key, shared] of draft.sharedIdentities) if (shared.server === id) draft.sharedIdentities.delete(key);
}

export function takesPartInRecovery({ recoveries }: Pick<LedgerState, 'recoveries'>, id: ServerId): boolean {
  for (const recovery of recoveries.values()) {
    if (recovery.closedAtMs === null && recovery.inputs.participants.some((participant) => participant.id === id))
      return true;
  }
  return false;
}
