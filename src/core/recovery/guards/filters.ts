/**
 * Which clusters are recovered automatically. An operator names them in RecoverMasterClusterFilters, in the forms the
 * incumbent knows; any one match is enough, and an empty list matches nothing: automation is off until asked for.
 * A filter that cannot be understood is an error at the start and not a filter that never matches.
 */
import { compilePattern } from '../../base/pattern.js';
import { failed, ok, type Result } from '../../base/result.js';

export type ClusterFilter =
  | { readonly kind: 'every' }
  | { readonly kind: 'alias'; readonly alias: string }
  | { readonly kind: 'alias-pattern'; readonly pattern: RegExp }
  /** Exactly the name or the alias, or a pattern found anywhere in the name. */
  | { readonly kind: 'name'; readonly text: string; readonly pattern: RegExp };

/** How a cluster is known to its operators: `host:port` of its primary, and '' or an alias. */
export interface ClusterLabels {
  readonly name: string;
  readonly alias: string;
}

const ALIAS_PATTERN = 'alias~=';
const ALIAS = 'alias=';

/** `*`, `alias=X`, `alias~=PATTERN`, or a name, an alias, a pattern on the name. The error is a sentence. */
export function parseClusterFilter(text: string): Result<ClusterFilter, string> {
  if (text === '') return failed('an empty filter matches no cluster; write "*" for all of them');
  if (text === '*') return ok({ kind: 'every' });
  if (text.startsWith(ALIAS_PATTERN)) {
    const compiled = compilePattern(text.slice(ALIAS_PATTERN.length));
    if (!compiled.ok) return failed(`"${text}" has no regular expression after alias~=: ${compiled.error}`);
    return ok({ kind: 'alias-pattern', pattern: compiled.value });
  }
  if (text.startsWith(ALIAS)) return ok({ kind: 'alias', alias: text.slice(ALIAS.length) });
  const compiled = compilePattern(text);
  if (!compiled.ok) return failed(`"${text}" is not a regular expression: ${compiled.error}`);
  return ok({ kind: 'name', text, pattern: compiled.value });
}

/** As an operator would write it. */
export function filterText(filter: ClusterFilter): string {
  switch (filter.kind) {
    case 'every':
      return '*';
    case 'alias':
      return `${ALIAS}${filter.alias}`;
    case 'alias-pattern':
      return `${ALIAS_PATTERN}${flagsOf(filter.pattern)}${filter.pattern.source}`;
    case 'name':
      return filter.text;
  }
}

function flagsOf({ flags }: RegExp): string {
  return flags === '' ? '' : `(?${flags})`;
}

export function matchesCluster(filters: readonly ClusterFilter[], cluster: ClusterLabels): boolean {
  return filters.some((filter) => matches(filter, cluster));
}

function matches(filter: ClusterFilter, { name, alias }: ClusterLabels): boolean {
  switch (filter.kind) {
    case 'every':
      return true;
    case 'alias':
      return alias !== '' && alias === filter.alias;
    case 'alias-pattern':
      return alias !== '' && filter.pattern.test(alias);
    case 'name':
      return name === filter.text || (alias !== '' && alias === filter.text) || filter.pattern.test(name);
  }
}
