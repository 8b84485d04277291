/**
 * The incumbent's `orchestrator -c COMMAND` worked on its database, beside the running nodes. Here a command goes to the
 * running cluster, as the client's: with the same options under the client's names, to ORCHESTRATOR_API.
 */
import { failed, ok, type Result } from '../../core/base/result.js';
import type { Environment } from '../client/environment.js';
import { socketUrl } from '../client/transport.js';
import type { HttpConfig } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { faultsText } from './config-check.js';
import { OPTIONS } from './options.js';

export interface ClientCall {
  readonly argv: readonly string[];
  /** Options that mean something to the command and that the client does not have: then nothing may be done. */
  readonly unknown: readonly string[];
}

/**
 * The node that a configuration file describes, where neither the command line nor the environment names one: who calls
 * `orchestrator --config FILE -c COMMAND` means the orchestrator of that file. An error is a text for standard error.
 */
export async function environmentOf(
  options: ReadonlyMap<string, string>,
  around: Environment,
): Promise<Result<Environment, string>> {
  const file = options.get('config');
  if (file === undefined || options.has('api') || (around['ORCHESTRATOR_API'] ?? '') !== '') return ok(around);
  const loaded = await loadConfig({ file, environment: around });
  if (!loaded.ok) return failed(faultsText(loaded.error));
  return ok({ ...around, ORCHESTRATOR_API: doorOf(loaded.value.config.http) });
}

/** Where the node of a configuration is asked, by somebody on its machine where its door is a socket. */
export function doorOf({ listen, tls, advertiseUrl, urlPrefix }: HttpConfig): string {
  return `${'socket' in listen ? socketUrl(listen.socket, tls !== null) : advertiseUrl}${urlPrefix}`;
}

/** `options`: those with a value, and the switches that were given, without one. */
export function asClientCall(command: string, options: ReadonlyMap<string, string>): ClientCall {
  const passed = OPTIONS.flatMap(({ name, client, takes }) => {
    const value = options.get(name);
    if (client === undefined || value === undefined || name === 'c' || name === 'command') return [];
    if (takes === 'attached') return [value === '' ? client : `${client}=${value}`];
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
