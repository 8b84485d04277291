/**
 * The incumbent's `orchestrator -c COMMAND` worked on its database, beside the running nodes. Here a command goes to the
 * running cluster, as the client's: with the same options under the client's names, to ORCHESTRATOR_API.
 */
import { OPTIONS } from './options.js';

export interface ClientCall {
  readonly argv: readonly string[];
  /** Options that mean something to the command and that the client does not have: then nothing may be done. */
  readonly unknown: readonly string[];
}

/** `options`: those with a value, and the switches that were given, without one. */
export function asClientCall(command: string, options: ReadonlyMap<string, string>): ClientCall {
  const passed = OPTIONS.flatMap(({ name, client, takes }) => {
    const value = options.get(name);
    if (client === undefined || value === undefined || name === 'c') return [];
    return takes === 'switch' ? [client] : [client, value];
  });
  const unknown = OPTIONS.filter(({ name, client, takes }) => {
    return takes === 'text' && name !== 'config' && client === undefined && options.has(name);
  }).map(({ name }) => `--${name}`);
  return { argv: ['-c', command, ...passed], unknown };
}

export function notDone(command: string, { unknown }: ClientCall): string {
  return `commands are orchestrator-client's, which knows no ${unknown.join(', ')}: ${command} was not done\n`;
}
