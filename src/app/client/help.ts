/** The client's help: all of it, or that of one command. */
import { COMMAND_GROUPS, findCommand, SPECIAL_COMMANDS } from './commands/catalogue.js';
import type { ClientCommand } from './commands/command.js';
import { CLIENT_OPTIONS, type ClientOption } from './options.js';

const EXAMPLES = `Examples:
  orchestrator-client -c clusters
  orchestrator-client -c discover -i db-1:3306
  orchestrator-client -c topology -i db-1
  orchestrator-client -c which-cluster-master -a shop
  orchestrator-client -c replication-analysis
  orchestrator-client -c begin-downtime -i db-2 -r "new disk" -u 2h
  orchestrator-client -c graceful-master-takeover -a db-1:3306 -d db-2
  orchestrator-client -c graceful-master-takeover-auto -a shop
  orchestrator-client -c api -P cluster-info/shop
  ORCHESTRATOR_API="http://o1:3000 http://o2:3000 http://o3:3000" orchestrator-client -c clusters`;

const ENVIRONMENT = `Environment:
  ORCHESTRATOR_API            one URL or several; of several the leader is asked (http://localhost:3000)
  ORCHESTRATOR_INSTANCE       for commands without -i
  ORCHESTRATOR_AUTH_USER, ORCHESTRATOR_AUTH_PASSWORD    HTTP basic authentication
  ORCHESTRATOR_AUTH_USER_HEADER                         a header line, as X-Forwarded-User:bob`;

export function helpText(): string {
  const options = Object.values<ClientOption>(CLIENT_OPTIONS).map((option) => row(optionWords(option), option.about));
  const groups = COMMAND_GROUPS.map(({ title, commands }) => {
    const special = title === 'The orchestrators themselves' ? Object.entries(SPECIAL_COMMANDS) : [];
    const rows = [...commands.map(({ name, about }): [string, string] => [name, about]), ...special];
    return `${title}:\n${rows.map(([name, about]) => row(name, about)).join('\n')}`;
  });
  return [
    'orchestrator-client -c COMMAND [OPTIONS]: asks orchestrators to look at MySQL topologies and to change them.',
    `Options:\n${options.join('\n')}`,
    ENVIRONMENT,
    ...groups,
    EXAMPLES,
  ].join('\n\n');
}

/** Null when there is no such command. */
export function commandHelp(name: string): string | null {
  const command = findCommand(name);
  const about = command?.about ?? SPECIAL_COMMANDS[name];
  if (about === undefined) return null;
  const call = `orchestrator-client -c ${name}${command === null ? '' : usage(command)}`;
  const example = EXAMPLES.split('\n').filter((line) => new RegExp(`-c ${name}( |$)`).test(line));
  return [`${name}: ${about}`, `  ${call}`, ...example].join('\n');
}

const USAGE: Readonly<Record<string, string>> = {
  instance: '-i HOST[:PORT]',
  destination: '-d HOST[:PORT]',
  hint: '-i HOST[:PORT] | -a CLUSTER',
  alias: '-a CLUSTER',
  text: '-i TEXT',
  owner: '-o NAME',
  reason: '-r TEXT',
  duration: '-u TIME',
  rule: '-R RULE',
  tag: '-t NAME[=VALUE]',
  pool: '-l POOL',
  hostname: '-H NAME',
  query: '-q SQL',
  binlog: '-n FILE',
  seconds: '-S SECONDS',
};

function usage({ path }: ClientCommand): string {
  return [...path.matchAll(/(\[[^[\]]*)?\{(\w+)\}/g)]
    .map(([, optional, blank]) => {
      const words = USAGE[blank ?? ''] ?? '';
      if (optional !== undefined || blank === 'owner' || blank === 'duration') return ` [${words}]`;
      return words.includes('|') ? ` (${words})` : ` ${words}`;
    })
    .join('');
}

function optionWords({ letters, names, value }: ClientOption): string {
  const letter = letters === '' ? '    ' : `-${letters.charAt(0)}, `;
  return `${letter}--${names[0] ?? ''}${value === null ? '' : ` ${value}`}`;
}

function row(left: string, right: string): string {
  return `  ${left.padEnd(WIDTH)} ${right}`;
}

const WIDTH = 40;
