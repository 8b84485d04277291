/** All commands, in the groups in which the help shows them. */
import type { SpecialCommand } from '../context.js';
import type { Dialect } from '../surroundings.js';
import type { ClientCommand } from './command.js';
import { LOOKING } from './looking.js';
import { MOVING, ON_ONE_SERVER } from './moving.js';
import { CARING, ORCHESTRATORS, RECOVERING } from './operating.js';
import { OF_THE_PROGRAM } from './program.js';
import { ASKING_ITSELF } from './special/asking-itself.js';
import { EVENTS } from './special/events.js';
import { HISTORY } from './special/history.js';
import { RELOAD } from './special/reload.js';
import { STATUS } from './special/status.js';

export type Command = ClientCommand | SpecialCommand;

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Command[];
}

export const COMMAND_GROUPS: readonly CommandGroup[] = [
  { title: 'Looking', commands: [...LOOKING, HISTORY, EVENTS] },
  { title: 'Servers in its care', commands: CARING },
  { title: 'Recoveries and takeovers', commands: RECOVERING },
  { title: 'Moving replicas', commands: MOVING },
  { title: 'Changing one server', commands: ON_ONE_SERVER },
  { title: 'The orchestrators themselves', commands: [STATUS, ...ORCHESTRATORS, RELOAD, ...ASKING_ITSELF] },
];

const OF_THE_SCRIPT = new Map(byName(COMMAND_GROUPS.flatMap(({ commands }) => commands)));

/** `orchestrator -c` knows all of the script's commands too. */
const KNOWN: Readonly<Record<Dialect, ReadonlyMap<string, Command>>> = {
  script: OF_THE_SCRIPT,
  program: new Map([...OF_THE_SCRIPT, ...byName(OF_THE_PROGRAM)]),
};

function byName(commands: readonly Command[]): readonly (readonly [string, Command])[] {
  return commands.map((command) => [command.name, command]);
}

/** Old names go on working: `stop-slave` is `stop-replica`, `enslave-siblings` is `take-siblings`. */
export function currentName(command: string): string {
  return command.replace(/^enslave-/, 'take-').replace('slave', 'replica');
}

export function findCommand(name: string, dialect: Dialect = 'script'): Command | null {
  return KNOWN[dialect].get(name) ?? null;
}

export function commandNames(dialect: Dialect = 'script'): readonly string[] {
  return [...KNOWN[dialect].keys(), 'help'];
}

export function isSpecial(command: Command): command is SpecialCommand {
  return 'run' in command;
}
