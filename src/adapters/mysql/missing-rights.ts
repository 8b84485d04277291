/**
 * Rights that a recovery would miss, found before there is one: nothing is worse than a plan that has promoted a server and
 * then may not open it. What the account may do is read, not tried. An answer that is not understood says that nothing is
 * missing, because a right that is there in a form unknown here must not keep a cluster from being failed over.
 */
import type { MissingRight } from '../../core/topology/server.js';
import { mendOf } from './blind-spots.js';
import type { Dialect } from './dialect.js';
import { cellText, type ResultSet } from './link.js';
import { type RightName, rightsOf } from './privileges.js';

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

/** Every account has a row for all schemas, if only USAGE; without one the answer is of a kind that is not known here. */
function globalPrivileges({ rows }: ResultSet): ReadonlySet<string> {
  const lists = rows.map((row) => /^GRANT (.+?) ON \*\.\* TO /i.exec(cellText(row[0]))?.[1] ?? '');
  return new Set(lists.flatMap((list) => (list === '' ? [] : list.toUpperCase().split(/,\s*/))));
}
