/**
 * Who answers here? A server that was rebuilt answers at the old address, lets us in, and has nothing of what the plan
 * counts on. So a session that is to change a server first asks who it is, as the prober does and in the prober's words,
 * before it touches the barrier: the lock of a stranger is not ours to take either.
 */
import { addressText } from '../../../core/topology/address.js';
import type { ServerId } from '../../../core/topology/server.js';
import { OperationalError } from '../../../runtime/errors.js';
import { cellText, type Link } from '../connection/link.js';
import { FIXED_COLUMNS, fixedStatement } from '../probe/probe-variables.js';
import { identityOf } from '../probe/report-rows.js';

/** Rejects with an OperationalError `MYSQL_REPLACED`, or with what kept it from reading. */
export async function assertIsServer(link: Link, meant: ServerId, timeoutMs: number): Promise<void> {
  const { dialect, address } = link;
  const [fixed, number] = await link.run(`${fixedStatement(dialect)}; SELECT @@global.server_id`, timeoutMs);
  const found = identityOf({
    dialect,
    fixed: new Map(FIXED_COLUMNS.map((name, at) => [name, cellText(fixed?.rows[0]?.[at])])),
    variables: new Map([['serverNumber', cellText(number?.rows[0]?.[0])]]),
  });
  if (found === meant) return;
  const text = `the server at ${addressText(address)} is ${found} now, not ${meant}: it was rebuilt or replaced`;
  throw new OperationalError('MYSQL_REPLACED', `${text}; forget the old one and discover the address again`);
}
