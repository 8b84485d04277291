/**
 * Every option that the incumbent's program accepts, so that existing unit files and scripts start this one unchanged.
 * Those that belong to commands are passed on to the client; the few left over have no meaning here.
 */
import { CLIENT_OPTIONS, type ClientOption } from '../client/options.js';

export interface Option {
  readonly name: string;
  /** attached: may have a value, and then behind an equals sign. */
  readonly takes: 'switch' | 'text' | 'attached';
  /** For the help; an option without one is accepted and not advertised. */
  readonly meaning?: string;
  /** How `orchestrator-client` calls it, for those that belong to a command. */
  readonly client?: string;
}

const OWN: readonly Option[] = [
  { name: 'config', takes: 'text', meaning: 'FILE: read this configuration file and no other' },
  { name: 'debug', takes: 'switch', meaning: 'log everything, with stacks' },
  { name: 'verbose', takes: 'switch', meaning: 'log what happens (the default)' },
  { name: 'quiet', takes: 'switch', meaning: 'log errors only' },
  { name: 'stack', takes: 'switch', meaning: 'add stacks to errors' },
  { name: 'observe-only', takes: 'switch', meaning: 'judge everything and change nothing (http)' },
  { name: 'version', takes: 'switch', meaning: 'print the version' },
  {
    name: 'help',
    takes: 'switch',
    meaning: 'print this; behind -c COMMAND, what that command takes',
    client: '--help',
  },
  { name: 'h', takes: 'switch', client: '--help' },

  { name: 'c', takes: 'text', client: '-c' },
  { name: 'i', takes: 'text', client: '-i' },
  { name: 'd', takes: 'text', client: '-d' },
  { name: 's', takes: 'text', client: '-d' },
  { name: 'alias', takes: 'text', client: '-a' },
  { name: 'owner', takes: 'text', client: '-o' },
  { name: 'reason', takes: 'text', client: '-r' },
  { name: 'duration', takes: 'text', client: '-u' },
  { name: 'promotion-rule', takes: 'text', client: '-R' },
  { name: 'tag', takes: 'text', client: '-t' },
  { name: 'pool', takes: 'text', client: '-l' },
  { name: 'hostname', takes: 'text', client: '-H' },
  { name: 'pattern', takes: 'text', client: '--pattern' },
  { name: 'binlog', takes: 'text', client: '-n' },
  { name: 'statement', takes: 'text', client: '-q' },
  { name: 'noop', takes: 'switch', client: '--dry-run' },
  { name: 'strict', takes: 'switch' },
  { name: 'skip-binlog-search', takes: 'switch' },
  { name: 'skip-unresolve', takes: 'switch' },
  { name: 'skip-unresolve-check', takes: 'switch' },

  // Of `orchestrator raft` and `orchestrator import`; their help tells of them.
  { name: 'api', takes: 'text', client: '-U' },
  { name: 'json', takes: 'switch', client: '--json' },
  { name: 'from', takes: 'text' },
  { name: 'learner', takes: 'switch' },
  { name: 'timeout', takes: 'text' },
  { name: 'despite-dead-voters', takes: 'switch' },
  { name: 'as-only-voter', takes: 'switch' },
  { name: 'accept-data-loss', takes: 'switch' },

  { name: 'discovery', takes: 'switch' },
  { name: 'grab-election', takes: 'switch' },
  { name: 'enable-database-update', takes: 'switch' },
  { name: 'skip-continuous-registration', takes: 'switch' },
  { name: 'ignore-raft-setup', takes: 'switch' },
];

/** `-c help` shows the client's options under its names: each of them is understood here as well. */
function clientWords(): readonly Option[] {
  return Object.values<ClientOption>(CLIENT_OPTIONS).flatMap(({ letters, names, value }): readonly Option[] => {
    const takes = value === null ? 'switch' : value.startsWith('[') ? 'attached' : 'text';
    const short = Array.from(letters, (name) => ({ name, takes, client: `-${name}` }) as const);
    return [...short, ...names.map((name) => ({ name, takes, client: `--${name}` }) as const)];
  });
}

export const OPTIONS: readonly Option[] = [
  ...OWN,
  ...clientWords().filter(({ name }) => !OWN.some((own) => own.name === name)),
];
