/**
 * `orchestrator grants [--version V]`: the accounts that a topology needs, as statements to be run, each with what stops
 * working without it. What is needed for which version is known where it is used, beside the statements of MySQL.
 */
import { dialectOf } from '../../adapters/mysql/dialect.js';
import { optionalRightsOf, promptRightsOf, rightsOf } from '../../adapters/mysql/privileges.js';
import { failed, ok, type Result } from '../../core/base/result.js';
import type { Flavor, Version } from '../../core/topology/server.js';

export interface Grant {
  readonly privilege: string;
  readonly on: string;
  /** Completes "for ...". */
  readonly purpose: string;
}

export interface ServerKind {
  readonly flavor: Flavor;
  readonly version: Version;
}

/** What is printed for when no version is given. */
const NEWEST: ServerKind = kind('MySQL', 9, 7);

function kind(flavor: Flavor, major: number, minor: number, patch = 0): ServerKind {
  return { flavor, version: { text: `${String(major)}.${String(minor)}`, major, minor, patch } };
}

/**
 * `8.0`, `5.7.44`, `10.11`, `mariadb-10.6`, `11.4-MariaDB`, `percona 8.0`: numbers from 10 up are MariaDB's unless said
 * otherwise. The error is a sentence.
 */
export function parseServerKind(text: string): Result<ServerKind, string> {
  const match = /^(mysql|percona|mariadb)?[\s-]*(\d+)\.(\d+)(?:\.(\d+))?(?:-(mariadb|percona|log).*)?$/i.exec(
    text.trim(),
  );
  if (match === null) {
    return failed(`"${text}" is no version of a server; versions are written 8.0, 5.7.44, 10.11 or mariadb-10.6`);
  }
  const [major, minor, patch] = [Number(match[2]), Number(match[3]), match[4] === undefined ? null : Number(match[4])];
  const named = (match[1] ?? match[5] ?? '').toLowerCase();
  const isMariaDb = named === 'mariadb' || (named !== 'mysql' && named !== 'percona' && major >= 10);
  // A release without its last number stands for the newest of its line.
  return ok(kind(isMariaDb ? 'MariaDB' : named === 'percona' ? 'Percona' : 'MySQL', major, minor, patch ?? 999));
}

/** One for each privilege, with all that it is for. */
export function grantsFor({ flavor, version }: ServerKind): readonly Grant[] {
  const grants = new Map<string, Grant>();
  for (const { privilege, on, purpose } of rightsOf(dialectOf(flavor, version))) {
    const key = `${privilege} ON ${on}`;
    const known = grants.get(key);
    grants.set(key, { privilege, on, purpose: known === undefined ? purpose : `${known.purpose}; ${purpose}` });
  }
  return [...grants.values()];
}

export const GRANTS: readonly Grant[] = grantsFor(NEWEST);

export function grantStatements(user: string, server: ServerKind = NEWEST): string {
  const account = accountText(user);
  const lines = grantsFor(server).map(
    ({ privilege, on, purpose }) => `-- for ${purpose}\nGRANT ${privilege} ON ${on} TO ${account};`,
  );
  return `-- ${shown(server)}. Run this on the primary; replicas get it by replication.
-- Narrow '%' to the addresses of the nodes, and put the password of MySQLTopologyPassword in.
${create(server, account)}
${lines.join('\n')}
${optional(account, server)}
-- The account that the replicas replicate with, if there is none yet.
${create(server, accountText('repl'))}
-- for replicas to log in to their source
GRANT REPLICATION SLAVE ON *.* TO ${accountText('repl')};
`;
}

/** Commented out, because who runs all of this as it stands has not decided for it. */
function optional(account: string, { flavor, version }: ServerKind): string {
  const dialect = dialectOf(flavor, version);
  const block = (why: string, rights: readonly Grant[]): string => {
    const lines = rights.map(
      ({ privilege, on, purpose }) => `-- GRANT ${privilege} ON ${on} TO ${account}; -- ${purpose}`,
    );
    return lines.length === 0 ? '' : `\n${why}\n${lines.join('\n')}\n`;
  };
  const prompt = `-- Optional: without it a replica whose primary died in the middle of sending a transaction waits for the rest, a minute,
-- before it can be promoted, where there is no GTID or no other replica, and before it can follow another one without GTID.`;
  const rebuild = `-- Optional: only if a server that is set apart may be rebuilt (orchestrator-client -c rebuild), which replaces all its data
-- by a copy of another server's (CLONE).`;
  return block(prompt, promptRightsOf(dialect)) + block(rebuild, optionalRightsOf(dialect));
}

/** MySQL 5.6 has no IF NOT EXISTS here. */
function create({ flavor, version }: ServerKind, account: string): string {
  const isOld = flavor !== 'MariaDB' && version.major === 5 && version.minor < 7;
  return `CREATE USER ${isOld ? '' : 'IF NOT EXISTS '}${account} IDENTIFIED BY '<password>';`;
}

function accountText(user: string): string {
  return `'${user.replaceAll('\\', '\\\\').replaceAll("'", "''")}'@'%'`;
}

function shown({ flavor, version }: ServerKind): string {
  const dialect = dialectOf(flavor, version);
  if (flavor === 'MariaDB') return `MariaDB ${dialect.can('splitPrivileges') ? '10.5 and later' : 'up to 10.4'}`;
  return dialect.can('dynamicPrivileges') ? 'MySQL 8.0 and later' : `MySQL ${version.text}`;
}
