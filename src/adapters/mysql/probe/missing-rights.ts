/**
 * Rights that a recovery would miss, found before there is one: nothing is worse than a plan that has promoted a server and
 * then may not open it. What the account may do is read, not tried. An answer that is not understood says that nothing is
 * missing, because a right that is there in a form unknown here must not keep a cluster from being failed over.
 */
import type { MissingRight } from '../../../core/topology/server.js';
import { accountText, mendOf } from './blind-spots.js';
import type { Dialect } from '../dialect.js';
import { cellText, type ResultSet } from '../connection/link.js';
import { optionalRightsOf, promptRightsOf, type RightName, rightsOf } from '../privileges.js';

/** Without which a server can be neither stopped nor promoted, and without which one can only not be fenced well. */
const STOPS: { readonly [K in RightName]?: MissingRight['stops'] } = {
  'start and stop replication': 'promotion',
  'reset replication': 'promotion',
  'global variables': 'promotion',
  'semi-sync variables': 'fence',
  connections: 'fence',
};

/** `grants`: the answer to SHOW GRANTS; undefined while there is none. */
export function missingRightsOf(
  dialect: Dialect,
  grants: ResultSet | undefined,
  account: string,
): readonly MissingRight[] {
  const held = grants === undefined ? new Set<string>() : globalPrivileges(grants);
  if (held.size === 0 || held.has('ALL PRIVILEGES')) return [];
  const missing = new Map<string, MissingRight>();
  for (const { name, privilege, purpose } of rightsOf(dialect)) {
    const stops = STOPS[name];
    // SUPER has them all, but not RELOAD, also where there are finer ones by now.
    const isHeld = held.has(privilege) || (name !== 'reset replication' && held.has('SUPER'));
    if (stops === undefined || isHeld) continue;
    const known = missing.get(privilege);
    missing.set(privilege, {
      privilege,
      purpose: known === undefined ? purpose : `${known.purpose}; ${purpose}`,
      stops: known?.stops === 'promotion' ? known.stops : stops,
      mend: mendOf(dialect, name, account),
    });
  }
  return [...missing.values()];
}

/**
 * Rights that copying a server needs (CLONE): asked for by an operator, so their lack is a reason against that alone. INSTALL
 * PLUGIN is not needed where the plugin is loaded, and SUPER stands for none of them.
 */
export function missingCopyRightsOf(
  dialect: Dialect,
  grants: ResultSet | undefined,
  account: string,
  isLoaded: boolean,
): readonly Omit<MissingRight, 'stops'>[] {
  if (grants === undefined) return [];
  const everywhere = globalPrivileges(grants);
  if (everywhere.size === 0 || everywhere.has('ALL PRIVILEGES')) return [];
  return optionalRightsOf(dialect)
    .filter(
      ({ privilege, on }) =>
        !everywhere.has(privilege) && !(on !== '*.*' && (isLoaded || isHeldOn(grants, on, privilege))),
    )
    .map(({ privilege, on, purpose }) => ({
      privilege,
      purpose,
      mend: `GRANT ${privilege} ON ${on} TO ${accountText(account)}`,
    }));
}

/** SUPER stands for none of them. */
export function missingPromptRightsOf(
  dialect: Dialect,
  grants: ResultSet | undefined,
  account: string,
): readonly Omit<MissingRight, 'stops'>[] {
  const everywhere = grants === undefined ? new Set<string>() : globalPrivileges(grants);
  if (everywhere.size === 0 || everywhere.has('ALL PRIVILEGES')) return [];
  return promptRightsOf(dialect)
    .filter(({ privilege }) => !everywhere.has(privilege))
    .map(({ privilege, on, purpose }) => ({
      privilege,
      purpose,
      mend: `GRANT ${privilege} ON ${on} TO ${accountText(account)}`,
    }));
}

/** On the table itself, or on its schema. */
function isHeldOn(grants: ResultSet, table: string, privilege: string): boolean {
  const [schema = ''] = table.split('.');
  return grants.rows.some((row) => {
    const [, list = '', on = ''] = /^GRANT (.+?) ON (\S+) TO /i.exec(cellText(row[0])) ?? [];
    const place = on.replaceAll('`', '').toLowerCase();
    const isThere = place === table || place === `${schema}.*`;
    return (
      isThere &&
      list
        .toUpperCase()
        .split(/,\s*/)
        .some((one) => one === privilege || one === 'ALL PRIVILEGES')
    );
  });
}

/** Every account has a row for all schemas, if only USAGE; without one the answer is of a kind that is not known here. */
function globalPrivileges({ rows }: ResultSet): ReadonlySet<string> {
  const lists = rows.map((row) => /^GRANT (.+?) ON \*\.\* TO /i.exec(cellText(row[0]))?.[1] ?? '');
  return new Set(lists.flatMap((list) => (list === '' ? [] : list.toUpperCase().split(/,\s*/))));
}
