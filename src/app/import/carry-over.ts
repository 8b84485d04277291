/**
 * Tells the words of the old orchestrator to ours, through the same API as an operator would. What is so already is left
 * alone, so that the command can be given as often as one likes, up to the moment of the change.
 */
import { field, listOf, textOf } from '../client/answer.js';
import type { ImportApi } from './import-api.js';
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
}

/** What one wish came to: it was so, it is so now, or a sentence about why not. */
type Outcome = 'already' | 'carried' | { readonly failed: string };

/** A difference of this much is the time that both sides took to answer. */
const DOWNTIME_SLACK_SECONDS = 60;

export class CarryOver {
  readonly #api: ImportApi;
  readonly #dryRun: boolean;
  readonly #tallies = new Map<Kind, Tally>();
  readonly #failures: string[] = [];
  readonly #nowMs: () => number;

  constructor(api: ImportApi, options: { readonly dryRun: boolean; readonly nowMs: () => number }) {
    this.#api = api;
    this.#dryRun = options.dryRun;
    this.#nowMs = options.nowMs;
  }

  async run(words: Words): Promise<Carried> {
    const clusters = await this.#api.get('clusters-info');
    if (!clusters.ok) return { tallies: this.#tallies, failures: [clusters.error] };
    // Servers first, one after the other: those of one topology are found from each other.
    for (const { place } of words.servers) this.#note('servers', placeText(place), await this.#know(place));
    await inTurn(words.servers, (server) => this.#server(server));
    for (const { place, cluster, alias } of words.aliases) {
      this.#note('aliases', `alias ${alias} of ${cluster}`, await this.#alias(place, alias));
    }
    for (const pool of words.pools) this.#note('pools', `pool ${pool.pool}`, await this.#pool(pool));
    return { tallies: this.#tallies, failures: this.#failures };
  }

  async #know(place: Place): Promise<Outcome> {
    const known = await this.#api.get(`instance/${placePath(place)}`);
    return await this.#unless(known.ok, `discover/${placePath(place)}`);
  }

  async #server({ place, downtime, tags, promotionRule, virtualName }: ServerWords): Promise<void> {
    if (downtime === null && tags.length === 0 && promotionRule === '' && virtualName === '') return;
    const [name, path] = [placeText(place), placePath(place)];
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

  async #pool({ pool, members }: Words['pools'][number]): Promise<Outcome> {
    const instances = encodeURIComponent(members.map(placeText).join(','));
    return await this.#unless(false, `submit-pool-instances/${encodeURIComponent(pool)}?instances=${instances}`);
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
    else this.#failures.push(`${what}: ${outcome.failed}`);
  }
}

/** The API takes six digits and a unit. */
export function durationText(seconds: number): string {
  return seconds <= 999_999 ? `${String(seconds)}s` : `${String(Math.ceil(seconds / 60))}m`;
}
