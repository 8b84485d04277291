/**
 * The statements that stop a replica as far as it runs, run another in between, and start again what ran: for those who
 * change by hand what needs replication stopped. In the words that the server understands, each with its semicolon.
 */
import { mainChannel, type ServerFacts } from '../../topology/server.js';
import { isAtLeast } from '../../topology/version.js';

/** `statement` '': none in between. */
export function restartStatements(facts: ServerFacts, statement: string): readonly string[] {
  const { flavor, version } = facts;
  const channel = mainChannel(facts);
  if (channel === null) return [];
  const word = flavor !== 'MariaDB' && isAtLeast(version, 8, 0, 22) ? 'replica' : 'slave';
  const io = channel.ioThread !== 'stopped';
  const sql = channel.sqlThread === 'running';
  return [
    ...(io ? [`stop ${word} io_thread;`] : []),
    ...(sql ? [`stop ${word} sql_thread;`] : []),
    ...(statement === '' ? [] : [terminated(statement)]),
    ...(sql ? [`start ${word} sql_thread;`] : []),
    ...(io ? [`start ${word} io_thread;`] : []),
  ];
}

function terminated(statement: string): string {
  return `${statement.replace(/[;\s]+$/, '')};`;
}
