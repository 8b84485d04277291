/** All commands, in the groups in which the help shows them. */
import type { ClientCommand } from './command.js';
import { LOOKING } from './looking.js';
import { MOVING, ON_ONE_SERVER } from './moving.js';
import { CARING, ORCHESTRATORS, RECOVERING } from './operating.js';

export const COMMAND_GROUPS: readonly { readonly title: string; readonly commands: readonly ClientCommand[] }[] = [
  { title: 'Looking', commands: LOOKING },
  { title: 'Servers in its care', commands: CARING },
  { title: 'Recoveries and takeovers', commands: RECOVERING },
  { title: 'Moving replicas', commands: MOVING },
  { title: 'Changing one server', commands: ON_ONE_SERVER },
  { title: 'The orchestrators themselves', commands: ORCHESTRATORS },
];

/** These are more than one question and its answer. */
export const SPECIAL_COMMANDS: Readonly<Record<string, string>> = {
  'raft-leader-hostname': 'the host name of the one who leads',
  'which-api': 'the API that is asked',
  api: 'GET a path of the API (-P) and print the answer',
  help: 'print this',
};

const BY_NAME = new Map(COMMAND_GROUPS.flatMap(({ commands }) => commands.map((command) => [command.name, command])));

/** Old names go on working: `stop-slave` is `stop-replica`, `enslave-siblings` is `take-siblings`. */
export function currentName(command: string): string {
  return command.replace(/^enslave-/, 'take-').replace('slave', 'replica');
}

export function findCommand(name: string): ClientCommand | null {
  return BY_NAME.get(name) ?? null;
}

export function commandNames(): readonly string[] {
  return [...BY_NAME.keys(), ...Object.keys(SPECIAL_COMMANDS)];
}
