/** The incumbent's `orchestrator -c COMMAND` worked on its database. Here a command goes to the running cluster, by the client. */
import { OPTIONS } from './options.js';

/** What to call instead, with the same options under the client's names. */
export function clientInstead(command: string, options: ReadonlyMap<string, string>): string {
  const passed = OPTIONS.flatMap(({ name, client }) => {
    const value = options.get(name);
    return client === undefined || value === undefined || name === 'c' ? [] : [`${client} ${quoted(value)}`];
  });
  const lost = OPTIONS.filter(
    ({ name, client, takes }) => takes === 'text' && name !== 'config' && client === undefined,
  )
    .map(({ name }) => name)
    .filter((name) => options.has(name));
  const call = ['orchestrator-client', `-c ${quoted(command)}`, ...passed].join(' ');
  const remark = lost.length === 0 ? '' : `\n(it knows no ${lost.map((name) => `--${name}`).join(', ')})`;
  return `commands go to the running cluster through its API; this does it:\n\n  ${call}${remark}\n`;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
