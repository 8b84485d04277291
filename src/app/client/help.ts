/** The client's help: all of it, or that of one command, each with an example that can be run. */
import { type Command, COMMAND_GROUPS, type CommandGroup, findCommand, isSpecial } from './commands/catalogue.js';
import type { ClientCommand } from './commands/command.js';
import { OF_THE_PROGRAM } from './commands/program.js';
import { CLIENT_OPTIONS, type ClientOption } from './options.js';
import type { Dialect } from './surroundings.js';

const EXAMPLES = `Examples:
  orchestrator-client -c clusters
  orchestrator-client -c topology -i db-1
  orchestrator-client -c topology -a shop --watch
  orchestrator-client -c which-cluster-master -a shop
  orchestrator-client -c replication-analysis
  orchestrator-client -c explain -a shop
  orchestrator-client -c begin-downtime -i db-2 -r "new disk" -u 2h
  orchestrator-client -c graceful-master-takeover -a shop -d db-2 --dry-run
  orchestrator-client -c graceful-master-takeover-auto -a shop
  orchestrator-client -c status -U "http://o1:3000 http://o2:3000 http://o3:3000"
  orchestrator-client completion bash > /etc/bash_completion.d/orchestrator-client`;

const ENVIRONMENT = `Environment:
  ORCHESTRATOR_API            one URL or several; of several the leader is asked (http://localhost:3000)
  ORCHESTRATOR_INSTANCE       for commands without -i
  ORCHESTRATOR_AUTH_USER, ORCHESTRATOR_AUTH_PASSWORD    HTTP basic authentication
  ORCHESTRATOR_AUTH_USER_HEADER                         a header line, as X-Forwarded-User:bob
  ORCHESTRATOR_TLS_CA, ORCHESTRATOR_TLS_CERT, ORCHESTRATOR_TLS_KEY, ORCHESTRATOR_TLS_INSECURE=1    as --tls-ca and the others
  NO_COLOR, TERM=dumb         no colours, on a terminal either`;

const EXIT_CODES = `Exit codes:
  0    done; of a question: answered, also when the answer is empty
  1    refused, failed, nobody reached, or called in a wrong way: the reason is on standard error
       (of -c api, and with --json, the whole answer is on standard output); a --dry-run of what would be refused;
       -c status without a leader
  130  ended by ^C (143: by SIGTERM); what was asked for goes on in the cluster`;

const PROGRAM_TITLE = 'Of this program alone, or with other lines than orchestrator-client prints';

export function helpText(dialect: Dialect): string {
  const isProgram = dialect === 'program';
  const options = Object.values<ClientOption>(CLIENT_OPTIONS).map((option) => row(optionWords(option), option.about));
  const own: CommandGroup = { title: PROGRAM_TITLE, commands: OF_THE_PROGRAM };
  const groups = [...COMMAND_GROUPS, ...(isProgram ? [own] : [])].map(
    ({ title, commands }) => `${title}:\n${commands.map(({ name, about }) => row(name, about)).join('\n')}`,
  );
  const title = isProgram
    ? 'orchestrator -c COMMAND [OPTIONS]: asks the running orchestrators, as orchestrator-client does.'
    : 'orchestrator-client -c COMMAND [OPTIONS]: asks orchestrators to look at MySQL topologies and to change them.';
  return [
    title,
    `Options:\n${options.join('\n')}`,
    ENVIRONMENT,
    ...groups,
    EXIT_CODES,
    `${EXAMPLES}\n\n-c COMMAND --help tells of one command.`,
  ].join('\n\n');
}

/** Null when there is no such command. */
export function commandHelp(name: string, dialect: Dialect): string | null {
  const command = findCommand(name, dialect);
  if (command === null) return null;
  const program = dialect === 'program' ? 'orchestrator' : 'orchestrator-client';
  const how = isSpecial(command) ? command.usage : usage(command);
  return [
    `${name}: ${command.about}`,
    `  ${program} -c ${name}${how}${switches(command)}`,
    '',
    'Example:',
    `  ${program} -c ${name}${exampleOf(command)}`,
  ].join('\n');
}

/** What stands behind the name of a command, with names made up. */
export function exampleOf(command: Command): string {
  if (command.example !== undefined) return command.example;
  return isSpecial(command)
    ? ''
    : blanksOf(command, false)
        .map((blank) => ` ${MADE_UP[blank] ?? ''}`)
        .join('');
}

const USAGE: Readonly<Record<string, string>> = {
  instance: '-i HOST[:PORT]',
  destination: '-d HOST[:PORT]',
  hint: '-i HOST[:PORT] | -a CLUSTER',
  alias: '-a CLUSTER',
  newAlias: '-a ALIAS',
  text: '-i TEXT',
  owner: '-o NAME',
  reason: '-r TEXT',
  duration: '-u TIME',
  rule: '-R RULE',
  tag: '-t NAME[=VALUE]',
  pool: '-l POOL',
  hostname: '-H NAME',
  query: '-q SQL',
  connection: '-q NUMBER',
  pattern: '--pattern REGEXP',
  channel: '--channel NAME',
  until: '--until PLACE',
  force: '--force',
  binlog: '-n FILE',
  seconds: '-S SECONDS',
};

const MADE_UP: Readonly<Record<string, string>> = {
  instance: '-i db-2:3306',
  destination: '-d db-3:3306',
  hint: '-a shop',
  alias: '-a shop',
  text: '-i db-',
  owner: '-o ann',
  reason: '-r "new disk"',
  duration: '-u 2h',
  rule: '-R prefer',
  tag: '-t role=backup',
  pool: '-l readers',
  hostname: '-H db-2.example.com',
  query: '-q "SET GLOBAL slave_net_timeout=10"',
  pattern: "--pattern '^db-[0-9]+'",
  channel: '--channel east',
  until: '--until binlog.000012:4711',
  force: '--force',
  binlog: '-n binlog.000012',
  seconds: '-S 3600',
};

/** In the order of the path, each once; `optional`: those in brackets too. */
function blanksOf({ path, needs = [] }: ClientCommand, optional: boolean): readonly string[] {
  const all = (optional ? path : path.replace(/\[[^\]]*\]/g, '')).matchAll(/\{(\w+)\}/g);
  return [...new Set([...all].map(([, blank]) => blank ?? '')), ...needs];
}

/** What need not be given: the user's own name, and the client's usual time. */
const FILLED = new Set(['owner', 'duration']);

function usage(command: ClientCommand): string {
  const needed = new Set(blanksOf(command, false));
  return blanksOf(command, true)
    .map((blank) => {
      const words = USAGE[blank] ?? '';
      if (!needed.has(blank) || FILLED.has(blank)) return ` [${words}]`;
      return words.includes('|') ? ` (${words})` : ` ${words}`;
    })
    .join('');
}

function switches(command: Command): string {
  if (isSpecial(command)) return command.looks ? ' [--watch[=SECONDS]]' : '';
  return `${command.rehearsal === undefined ? '' : ' [--dry-run]'}${command.writes ? '' : ' [--watch[=SECONDS]]'}`;
}

function optionWords({ letters, names, value }: ClientOption): string {
  const letter = letters === '' ? '    ' : `-${letters.charAt(0)}, `;
  const word = value === null ? '' : value.startsWith('[') ? value : ` ${value}`;
  return `${letter}--${names[0] ?? ''}${word}`;
}

function row(left: string, right: string): string {
  return `  ${left.padEnd(WIDTH)} ${right}`;
}

const WIDTH = 40;
