/**
 * Tells the words of the old orchestrator to ours, through the same API as an operator would. What is so already is left
 * alone, so that the command can be given as often as one likes, up to the moment of the change.
 */
import { field, listOf, textOf } from '../client/answer.js';
import type { Declined, ImportApi } from './import-api.js';
import { readPools } from './read-words.js';
import { inTurn, type Place, placePath, placeText, type ServerWords, type Words } from './words.js';

export type Kind = 'servers' | 'downtimes' | 'tags' | 'promotion rules' | 'name mappings' | 'aliases' | 'pools';

export interface Tally {
  carried: number;
  /** It was so already. */
  already: number;
}

export interface Carried {
  readonly tallies: ReadonlyMap<Kind, Tally>;
  /** What could not be carried over, as sentences. */
  readonly failures: readonly string[];
  /** Servers that nobody can reach, and what was said of them with which nothing can be done: as sentences. */
  readonly unreachable: readonly string[];
  /** What an operator should know of what was carried over. */
  readonly notes: readonly string[];
}

/** What one wish came to: it was so, it is so now, or why not. */
type Outcome = 'already' | 'carried' | { readonly failed: Declined };

/** The code with which one of ours says that nobody answers at an address. */
const UNREACHABLE = 'UNREACHABLE';

/** A difference of this much is the time that both sides took to answer. */
const DOWNTIME_SLACK_SECONDS = 60;

export class CarryOver {
  readonly #api: ImportApi;
  readonly #dryRun: boolean;
  readonly #tallies = new Map<Kind, Tally>();
  readonly #failures: string[] = [];
  readonly #notes: string[] = [];
  /** Why, by their places. */
  readonly #unreachable = new Map<string, string>();
  readonly #known = new Set<string>();
  readonly #nowMs: () => number;

  constructor(api: ImportApi, options: { readonly dryRun: boolean; readonly nowMs: () => number }) {
    this.#api = api;
    this.#dryRun = options.dryRun;
    this.#nowMs = options.nowMs;
  }

  async run(words: Words): Promise<Carried> {
    const clusters = await this.#api.get('clusters-info');
    if (!clusters.ok) return { tallies: this.#tallies, failures: [clusters.error.message], unreachable: [], notes: [] };
    // Servers first, one after the other: those of one topology are found from each other.
    for (const server of words.servers) await this.#meet(server);
    await inTurn(words.servers, (server) => this.#server(server));
    for (const { places, cluster, alias } of words.aliases) {
      const place = places.find((one) => !this.#unreachable.has(placeText(one)));
      const what = `alias ${alias} of ${cluster}`;
      // Without any of its servers there is no cluster that could have a name.
      if (place === undefined) this.#unreachable.set(what, `${what}: none of its servers answers`);
      else this.#note('aliases', what, await this.#alias(place, alias));
    }
    const pools = await this.#poolsHere();
    for (const pool of words.pools) this.#note('pools', `pool ${pool.pool}`, await this.#pool(pool, pools));
    const unreachable = [...this.#unreachable.values()];
    return { tallies: this.#tallies, failures: this.#failures, unreachable, notes: this.#notes };
  }

  async #meet(server: ServerWords): Promise<void> {
    const [name, path] = [placeText(server.place), placePath(server.place)];
    const known = await this.#api.get(`instance/${path}`);
    const outcome = await this.#unless(known.ok, `discover/${path}`);
    if (typeof outcome === 'object' && outcome.failed.code === UNREACHABLE) {
      const lost = wordsText(server);
      const text = `${name}: ${outcome.failed.message}${lost === '' ? '' : `; what was said of it stays behind: ${lost}`}`;
      this.#unreachable.set(name, text);
      return;
    }
    if (typeof outcome !== 'object' && !(this.#dryRun && outcome === 'carried')) this.#known.add(name);
    this.#note('servers', name, outcome);
  }

  async #server({ place, downtime, tags, promotionRule, virtualName }: ServerWords): Promise<void> {
    if (downtime === null && tags.length === 0 && promotionRule === '' && virtualName === '') return;
    const [name, path] = [placeText(place), placePath(place)];
    if (this.#unreachable.has(name)) return;
    const found = await this.#api.get(`instance/${path}`);
    const here = found.ok ? found.value.payload : null;
    if (downtime !== null) this.#note('downtimes', `downtime of ${name}`, await this.#downtime(path, downtime, here));
    if (tags.length > 0) await this.#tags(name, path, tags);
    if (promotionRule !== '') {
      // Neutral is also what is said of a server that nobody gave a rule.
      const same = promotionRule !== 'neutral' && field(here, 'PromotionRule') === promotionRule;
      const command = `register-candidate/${path}/${encodeURIComponent(promotionRule)}`;
      this.#note('promotion rules', `promotion rule of ${name}`, await this.#unless(same, command));
    }
    if (virtualName !== '') {
      const same = field(here, 'UnresolvedHostname') === virtualName;
      const command = `register-hostname-unresolve/${path}/${encodeURIComponent(virtualName)}`;
      this.#note('name mappings', `name of ${name} for replicas`, await this.#unless(same, command));
    }
  }

  async #tags(name: string, path: string, tags: readonly string[]): Promise<void> {
    const listed = await this.#api.get(`tags/${path}`);
    const has = listed.ok ? listOf(listed.value.payload).map(textOf) : [];
    for (const tag of tags) {
      const command = `tag/${path}?tag=${encodeURIComponent(tag)}`;
      this.#note('tags', `tag ${tag} of ${name}`, await this.#unless(has.includes(tag), command));
    }
  }

  async #downtime(path: string, wish: NonNullable<ServerWords['downtime']>, here: unknown): Promise<Outcome> {
    const endsMs = Date.parse(`${textOf(field(here, 'DowntimeEndTimestamp')).replace(' ', 'T')}Z`);
    const leftSeconds = field(here, 'IsDowntimed') === true ? (endsMs - this.#nowMs()) / 1000 : 0;
    const longEnough = leftSeconds >= wish.leftSeconds - DOWNTIME_SLACK_SECONDS;
    const same = field(here, 'DowntimeOwner') === wish.owner && field(here, 'DowntimeReason') === wish.reason;
    const words = [wish.owner || 'import', wish.reason || 'import'].map(encodeURIComponent).join('/');
    return await this.#unless(same && longEnough, `begin-downtime/${path}/${words}/${durationText(wish.leftSeconds)}`);
  }

  async #alias(place: Place, alias: string): Promise<Outcome> {
    const hint = encodeURIComponent(placeText(place));
    const info = await this.#api.get(`cluster-info/${hint}`);
    const same = info.ok && field(info.value.payload, 'ClusterAlias') === alias;
    return await this.#unless(same, `set-cluster-alias/${hint}?alias=${encodeURIComponent(alias)}`);
  }

  /** By their names, as they are here; of members that are not known here nothing is shown. */
  async #poolsHere(): Promise<ReadonlyMap<string, readonly string[]>> {
    // Read again: servers that are new here bring their clusters with them.
    const clusters = await this.#api.get('clusters-info');
    const pools = await readPools(this.#api, clusters.ok ? listOf(clusters.value.payload) : [], []);
    return new Map(pools.map(({ pool, members }) => [pool, members.map(placeText).sort()]));
  }

  async #pool(
    { pool, members }: Words['pools'][number],
    pools: ReadonlyMap<string, readonly string[]>,
  ): Promise<Outcome> {
    const here = pools.get(pool);
    const wished = members.map(placeText).filter((name) => this.#known.has(name));
    const same = here === undefined ? members.length === 0 : here.join() === wished.sort().join();
    if (!same && here !== undefined) {
      this.#notes.push(
        `pool ${pool} had other servers here, which the old one's take the place of: ${here.join(', ')}`,
      );
    }
    const instances = encodeURIComponent(members.map(placeText).join(','));
    return await this.#unless(same, `submit-pool-instances/${encodeURIComponent(pool)}?instances=${instances}`);
  }

  async #unless(isSo: boolean, command: string): Promise<Outcome> {
    if (isSo) return 'already';
    if (this.#dryRun) return 'carried';
    const answer = await this.#api.get(command);
    return answer.ok ? 'carried' : { failed: answer.error };
  }

  #note(kind: Kind, what: string, outcome: Outcome): void {
    const tally = this.#tallies.get(kind) ?? { carried: 0, already: 0 };
    this.#tallies.set(kind, tally);
    if (outcome === 'carried') tally.carried += 1;
    else if (outcome === 'already') tally.already += 1;
    else this.#failures.push(`${what}: ${outcome.failed.message}`);
  }
}

function wordsText({ downtime, tags, promotionRule, virtualName }: ServerWords): string {
  return [
    ...(downtime === null ? [] : [`a downtime of ${durationText(downtime.leftSeconds)} (${downtime.reason})`]),
    ...tags.map((tag) => `tag ${tag}`),
    ...(promotionRule === '' ? [] : [`promotion rule ${promotionRule}`]),
    ...(virtualName === '' ? [] : [`name ${virtualName}`]),
  ].join(', ');
}

/** The API takes six digits and a unit. */
export function durationText(seconds: number): string {
  return seconds <= 999_999 ? `${String(seconds)}s` : `${String(Math.ceil(seconds / 60))}m`;
}
