/** What a report lacks because a statement was refused, in words for people, with what mends it. */
import type { BlindSpot } from '../../../core/topology/server.js';
import type { Dialect } from '../dialect.js';
import type { Dropped } from './probe-memory.js';
import type { ProbeStatement, StatementName } from './probe-statements.js';
import { grantFor, type RightName } from '../privileges.js';
import type { GroupName } from './probe-variables.js';

/** The table belongs to a plugin that is not loaded: there is nothing to be seen, so nothing is hidden. */
const NO_SUCH_TABLE = 1146;

export function blindSpotsOf(
  dialect: Dialect,
  statements: readonly ProbeStatement[],
  dropped: ReadonlyMap<StatementName | GroupName, Dropped>,
  account: string,
): readonly BlindSpot[] {
  const spots: BlindSpot[] = [];
  for (const { name, shows, right, isQuestion, mend, whenItStands } of statements) {
    const refusal = dropped.get(name);
    if (refusal?.number === 0 && whenItStands !== undefined) {
      spots.push({ what: shows, error: refusal.error, mend: whenItStands });
      continue;
    }
    // Who does not say what we may do is taken to allow it; nothing that is shown to anybody is hidden.
    if (refusal === undefined || name === 'grants' || (refusal.number === NO_SUCH_TABLE && isQuestion !== true))
      continue;
    spots.push({
      what: shows,
      error: refusal.error,
      mend: mend ?? (right === null ? '' : mendOf(dialect, right, account)),
    });
  }
  return spots;
}

/** A whole statement, to be run as it stands. */
export function mendOf(dialect: Dialect, right: RightName, account: string): string {
  return `GRANT ${grantFor(dialect, right) ?? ''} TO ${accountText(account)}`;
}

/** `orchestrator@%` as MySQL says it, `'orchestrator'@'%'` as a GRANT wants it. */
export function accountText(account: string): string {
  const at = account.lastIndexOf('@');
  return at < 0 ? `'${account}'` : `'${account.slice(0, at)}'@'${account.slice(at + 1)}'`;
}
