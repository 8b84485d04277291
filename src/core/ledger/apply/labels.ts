/** What operators say about servers: promotion rules, tags, pools, names for replicas, maintenance. */
import { addressText } from '../../topology/address.js';
import type { PromotionRule, Server, ServerId } from '../../topology/server.js';
import type { Command, LabelCommand } from '../command.js';
import { type Draft, type Fact, fact, rejected } from '../draft.js';
import type { Tag } from '../records.js';

type Of<Kind extends LabelCommand['kind']> = Extract<LabelCommand, { kind: Kind }>;

/** Each with its reason: what a client in a loop could otherwise make of a snapshot. */
const TAGS_PER_SERVER = 256;
const POOLS_KEPT = 10_000;
const UNRESOLVES_KEPT = 20_000;

const KINDS: { readonly [Kind in LabelCommand['kind']]: true } = {
  'candidate-registered': true,
  'tag-put': true,
  'tags-removed': true,
  'pool-submitted': true,
  'unresolve-registered': true,
  'unresolve-removed': true,
  'maintenance-begun': true,
  'maintenance-ended': true,
};

export function isLabel(command: Command): command is Extract<Command, LabelCommand> {
  return Object.hasOwn(KINDS, command.kind);
}

export function applyLabel(draft: Draft, command: LabelCommand): readonly Fact[] {
  switch (command.kind) {
    case 'candidate-registered':
      return applyCandidate(draft, command);
    case 'tag-put':
      return applyTagPut(draft, command);
    case 'tags-removed':
      return applyTagsRemoved(draft, command);
    case 'pool-submitted':
      return applyPool(draft, command);
    case 'unresolve-registered':
      return applyUnresolve(draft, command);
    case 'unresolve-removed':
      if (!draft.unresolves.delete(command.host)) return [];
      return [fact('unresolve-removed', `${command.by}: ${command.host} has no other name for replicas`, null, null)];
    case 'maintenance-begun':
      return applyMaintenanceBegun(draft, command);
    case 'maintenance-ended':
      return applyMaintenanceEnded(draft, command);
  }
}

function applyCandidate(
  draft: Draft,
  { server: id, rule, by, lifetimeMs }: Of<'candidate-registered'>,
): readonly Fact[] {
  const server = draft.servers.get(id);
  if (server === undefined) return rejected('a promotion rule for a server that is not known', id);
  const known = draft.candidates.get(id);
  const detected = known?.detected ?? server.facts.promotionRule;
  const times = { registeredAtMs: draft.nowMs, expiresAtMs: draft.nowMs + lifetimeMs };
  draft.candidates.set(id, { server: id, rule, detected, by, ...times });
  setRule(draft, server, rule);
  // Registered again and again by a script, so that it does not expire: that is no news.
  if (known?.rule === rule) return [];
  return [fact('candidate-registered', `${by}: ${name(server)} has the promotion rule ${rule}`, id, server.clusterId)];
}

export function setRule(draft: Draft, server: Server, promotionRule: PromotionRule): void {
  if (server.facts.promotionRule === promotionRule) return;
  draft.servers.set(server.id, { ...server, facts: { ...server.facts, promotionRule }, changedAtMs: draft.nowMs });
}

function applyTagPut(draft: Draft, { server: id, tag, by }: Of<'tag-put'>): readonly Fact[] {
  const server = draft.servers.get(id);
  if (server === undefined) return rejected('a tag for a server that is not known', id);
  const known = draft.tags.get(id) ?? [];
  if (known.some((one) => one.name === tag.name && one.value === tag.value)) return [];
  const others = known.filter((one) => one.name !== tag.name);
  if (others.length >= TAGS_PER_SERVER) {
    return rejected(`${name(server)} has ${String(others.length)} tags already; remove one`, id, server.clusterId);
  }
  draft.tags.set(id, [...others, tag].sort(byName));
  return [fact('tagged', `${by}: ${name(server)} is tagged ${tagText(tag)}`, id, server.clusterId)];
}

function byName(one: Tag, other: Tag): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

export function tagText({ name: label, value }: Tag): string {
  return value === '' ? label : `${label}=${value}`;
}

function applyTagsRemoved(draft: Draft, command: Of<'tags-removed'>): readonly Fact[] {
  const facts: Fact[] = [];
  for (const id of command.servers) {
    const known = draft.tags.get(id) ?? [];
    const removed = known.find((tag) => tag.name === command.name && (command.value ?? tag.value) === tag.value);
    const server = draft.servers.get(id);
    if (removed === undefined || server === undefined) continue;
    setTags(
      draft,
      id,
      known.filter((tag) => tag !== removed),
    );
    facts.push(
      fact('untagged', `${command.by}: ${name(server)} is no longer tagged ${tagText(removed)}`, id, server.clusterId),
    );
  }
  return facts;
}

function setTags(draft: Draft, id: ServerId, tags: readonly Tag[]): void {
  if (tags.length === 0) draft.tags.delete(id);
  else draft.tags.set(id, tags);
}

function applyPool(draft: Draft, { pool, members, by, lifetimeMs }: Of<'pool-submitted'>): readonly Fact[] {
  const known = draft.pools.get(pool);
  if (known === undefined && draft.pools.size >= POOLS_KEPT) {
    return rejected(`there are ${String(draft.pools.size)} pools already; wait until some expire`);
  }
  const before = (known?.members ?? []).map(addressText).join(', ');
  if (members.length === 0) draft.pools.delete(pool);
  else {
    const times = { submittedAtMs: draft.nowMs, expiresAtMs: draft.nowMs + lifetimeMs };
    draft.pools.set(pool, { name: pool, members, ...times });
  }
  const now = members.map(addressText).join(', ');
  if (before === now) return [];
  return [fact('pool-submitted', `${by}: pool ${pool} is ${now === '' ? 'empty' : now}`, null, null)];
}

function applyUnresolve(
  draft: Draft,
  { host, name: known, by, lifetimeMs }: Of<'unresolve-registered'>,
): readonly Fact[] {
  const before = draft.unresolves.get(host);
  if (before === undefined && draft.unresolves.size >= UNRESOLVES_KEPT) {
    return rejected(`there are ${String(draft.unresolves.size)} names for replicas already; remove one`);
  }
  const times = { registeredAtMs: draft.nowMs, expiresAtMs: draft.nowMs + lifetimeMs };
  draft.unresolves.set(host, { host, name: known, ...times });
  if (before?.name === known) return [];
  return [fact('unresolve-registered', `${by}: replicas are told ${known} for ${host}`, null, null)];
}

function applyMaintenanceBegun(draft: Draft, command: Of<'maintenance-begun'>): readonly Fact[] {
  const server = draft.servers.get(command.server);
  if (server === undefined) return rejected('maintenance for a server that is not known', command.server);
  const active = draft.maintenances.get(server.id);
  if (active !== undefined) {
    return rejected(
      `${name(server)} is in maintenance already, by ${active.owner}: ${active.reason}`,
      server.id,
      server.clusterId,
    );
  }
  draft.lastMaintenance += 1;
  draft.maintenances.set(server.id, {
    number: draft.lastMaintenance,
    server: server.id,
    owner: command.owner,
    reason: command.reason,
    beganAtMs: draft.nowMs,
    endsAtMs: draft.nowMs + command.durationMs,
  });
  const text = `${name(server)} is in maintenance by ${command.owner}: ${command.reason}`;
  return [fact('maintenance-begun', text, server.id, server.clusterId)];
}

function applyMaintenanceEnded(draft: Draft, { server: id, by }: Of<'maintenance-ended'>): readonly Fact[] {
  const server = draft.servers.get(id);
  if (!draft.maintenances.delete(id) || server === undefined) return [];
  return [fact('maintenance-ended', `${by} ended the maintenance of ${name(server)}`, id, server.clusterId)];
}

function name(server: Server): string {
  return addressText(server.address);
}
