/**
 * Reads from an orchestrator what operators told it. The incumbent's answers are taken as they come: lists may be null, keys
 * may be missing, and what asks for the right to write is refused to those who may only read. Whatever cannot be had is
 * said and does not keep the rest.
 */
import { field, listOf, textOf } from '../client/answer.js';
import type { ImportApi } from './import-api.js';
import { inTurn, type Place, placePath, placeText, type ServerWords, type Words } from './words.js';

/** Null: not even its servers could be read; `say` heard why. */
export async function readWords(api: ImportApi, say: (text: string) => void): Promise<Words | null> {
  const all = await api.get('all-instances');
  if (!all.ok) {
    say(all.error.message);
    return null;
  }
  const unread: string[] = [];
  const instances = listOf(all.value.payload).flatMap((instance) => {
    const place = placeOf(field(instance, 'Key'));
    return place === null ? [] : [{ instance, place }];
  });
  const listed = async (path: string, what: string): Promise<readonly unknown[]> => {
    const answer = await api.get(path);
    if (!answer.ok) unread.push(`${what}: ${answer.error.message}`);
    return answer.ok ? listOf(answer.value.payload) : [];
  };
  const rules = rulesOf(await listed('bulk-promotion-rules', 'promotion rules'));
  const nowOfIt = clockOf(instances.map(({ instance }) => instance));
  const servers = await inTurn(instances, async ({ instance, place }): Promise<ServerWords> => {
    const tags = await api.get(`tags/${placePath(place)}`);
    if (!tags.ok) unread.push(`tags of ${placeText(place)}: ${tags.error.message}`);
    return {
      place,
      downtime: downtimeOf(instance, nowOfIt),
      tags: tags.ok ? listOf(tags.value.payload).map(textOf) : [],
      promotionRule: rules.get(placeText(place)) ?? '',
      virtualName: text(instance, 'UnresolvedHostname'),
    };
  });
  const clusters = await listed('clusters-info', 'aliases of clusters');
  const pools = await readPools(api, clusters, unread);
  return { servers, aliases: aliasesOf(clusters, instances), pools, unread, notes: await notesOf(api) };
}

function placeOf(key: unknown): Place | null {
  const [host, port] = [text(key, 'Hostname'), Number(field(key, 'Port'))];
  return host === '' || !Number.isInteger(port) || port < 1 ? null : { host, port };
}

function text(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === 'string' ? found.trim() : '';
}

function rulesOf(rows: readonly unknown[]): ReadonlyMap<string, string> {
  return new Map(
    rows.flatMap((row) => {
      const place = placeOf(row);
      return place === null ? [] : [[placeText(place), text(row, 'PromotionRule')] as const];
    }),
  );
}

/**
 * Its own clock, as it writes times: without a zone, which depends on its backend. Any server that it has seen tells: it
 * says when, and how long that is ago. Null when it has seen none.
 */
function clockOf(instances: readonly unknown[]): number | null {
  const nows = instances.flatMap((instance) => {
    const seen = field(instance, 'SecondsSinceLastSeen');
    const at = timeOf(text(instance, 'LastSeenTimestamp'));
    const ago = field(seen, 'Valid') === true ? Number(field(seen, 'Int64')) : Number.NaN;
    return at === null || !Number.isFinite(ago) ? [] : [at + ago];
  });
  return nows.length === 0 ? null : Math.max(...nows);
}

/** Seconds, in whatever zone; only differences mean something. */
function timeOf(written: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)/.exec(written);
  if (match === null) return null;
  const [year = 0, month = 1, ...rest] = match.slice(1).map(Number);
  const [day, hour, minute, second] = rest;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}

function downtimeOf(instance: unknown, nowOfIt: number | null): ServerWords['downtime'] {
  if (field(instance, 'IsDowntimed') !== true) return null;
  const end = timeOf(text(instance, 'DowntimeEndTimestamp'));
  if (end === null || nowOfIt === null) return null;
  const leftSeconds = Math.ceil(end - nowOfIt);
  if (leftSeconds <= 0) return null;
  return { owner: text(instance, 'DowntimeOwner'), reason: text(instance, 'DowntimeReason'), leftSeconds };
}

/** A cluster without an alias has its name for one. */
function aliasesOf(
  clusters: readonly unknown[],
  instances: readonly { readonly instance: unknown; readonly place: Place }[],
): Words['aliases'] {
  return clusters.flatMap((cluster) => {
    const [name, alias] = [text(cluster, 'ClusterName'), text(cluster, 'ClusterAlias')];
    const places = instances.filter(({ instance }) => text(instance, 'ClusterName') === name).map(({ place }) => place);
    return alias === '' || alias === name || places.length === 0 ? [] : [{ places, cluster: name, alias }];
  });
}

/** Pools are told cluster by cluster, and may span several. What cannot be read is added to `unread`, as sentences. */
export async function readPools(
  api: ImportApi,
  clusters: readonly unknown[],
  unread: string[],
): Promise<Words['pools']> {
  const pools = new Map<string, Map<string, Place>>();
  for (const cluster of clusters) {
    const name = text(cluster, 'ClusterName');
    const answer = await api.get(`cluster-pool-instances/${encodeURIComponent(name)}`);
    if (!answer.ok) {
      unread.push(`pools of ${name}: ${answer.error.message}`);
      continue;
    }
    for (const [pool, keys] of Object.entries(answer.value.payload ?? {})) {
      const members = pools.get(pool) ?? new Map<string, Place>();
      for (const key of listOf(keys)) {
        const place = placeOf(key);
        if (place !== null) members.set(placeText(place), place);
      }
      pools.set(pool, members);
    }
  }
  return [...pools].map(([pool, members]) => ({ pool, members: [...members.values()] }));
}

async function notesOf(api: ImportApi): Promise<readonly string[]> {
  const answer = await api.get('check-global-recoveries');
  if (!answer.ok || answer.value.payload !== 'disabled') return [];
  return [
    'recoveries are disabled there for all clusters; `orchestrator-client -c disable-global-recoveries` does it here',
  ];
}
