/** What may stand at the end of a command line. Pure, but for the names that only the cluster knows, which are asked for. */
import { commandNames, currentName, findCommand, isSpecial } from '../commands/catalogue.js';
import { CLIENT_OPTIONS, type OptionName, optionOf, type Options, parseOptions } from '../options.js';
import type { Dialect } from '../surroundings.js';
import { FILES } from './shell-scripts.js';

/** What is asked of the cluster. */
export interface Names {
  servers(fragment: string): Promise<readonly string[]>;
  clusters(): Promise<readonly string[]>;
}

const RULES = ['prefer', 'neutral', 'prefer_not', 'must_not'];
const TIMES = ['10m', '30m', '1h', '4h', '1d', '1w'];

/** Of any command. */
const GENERAL: readonly OptionName[] = ['json', 'help', 'api', 'auth', 'noColor'];

/** `words`: after the program's name; the last is the one that is being written, perhaps ''. */
export async function candidatesFor(
  words: readonly string[],
  dialect: Dialect,
  names: Names,
): Promise<readonly string[]> {
  const [current = '', ...before] = words.toReversed();
  const [, attachedTo, fragment = ''] = /^(--?[\w-]+=)(.*)$/.exec(current) ?? [];
  const option = attachedTo === undefined ? optionOf(before[0] ?? '') : optionOf(attachedTo.slice(0, -1));
  if (option !== null && CLIENT_OPTIONS[option].value !== null && (attachedTo !== undefined || isApart(option))) {
    const part = attachedTo === undefined ? current : fragment;
    const values = await valuesOf(option, part, dialect, names);
    return values
      .filter((value) => value === FILES || value.startsWith(part))
      .map((value) => `${attachedTo ?? ''}${value}`);
  }
  return fitting(current, [...optionWords(before.toReversed()), ...(before.length === 0 ? ['completion'] : [])]);
}

function isApart(option: OptionName): boolean {
  return CLIENT_OPTIONS[option].value?.startsWith('[') === false;
}

async function valuesOf(option: OptionName, part: string, dialect: Dialect, names: Names): Promise<readonly string[]> {
  switch (option) {
    case 'command':
      return [...commandNames(dialect)].sort();
    case 'instance':
    case 'destination':
      return await names.servers(part);
    case 'alias':
      return await names.clusters();
    case 'promotionRule':
      return RULES;
    case 'duration':
      return TIMES;
    case 'tlsCa':
    case 'tlsCert':
    case 'tlsKey':
      return [FILES];
    default:
      return [];
  }
}

/** Those that the command takes and that were not given yet, as they are mostly written. */
function optionWords(given: readonly string[]): readonly string[] {
  const parsed = parseOptions(given);
  const options: Options = parsed.ok ? parsed.value : {};
  const taken = options.command === undefined ? null : takenBy(options.command);
  return (Object.keys(CLIENT_OPTIONS) as OptionName[])
    .filter((name) => options[name] === undefined && (taken === null || taken.has(name)))
    .map((name) => {
      const { letters, names } = CLIENT_OPTIONS[name];
      const [long = ''] = names;
      return letters === '' || name === 'help' ? `--${long}` : `-${letters.charAt(0)}`;
    });
}

function takenBy(commandName: string): ReadonlySet<OptionName> | null {
  const command = findCommand(currentName(commandName), 'program');
  if (command === null) return null;
  const taken = new Set<OptionName>(GENERAL);
  if (isSpecial(command)) {
    if (command.looks) taken.add('watch');
    for (const option of Object.keys(CLIENT_OPTIONS) as OptionName[]) {
      const { letters } = CLIENT_OPTIONS[option];
      if (letters !== '' && command.usage.includes(`-${letters.charAt(0)} `)) taken.add(option);
    }
    return taken;
  }
  if (command.rehearsal !== undefined) taken.add('dryRun');
  if (!command.writes) taken.add('watch');
  for (const [, blank = ''] of command.path.matchAll(/\{(\w+)\}/g))
    for (const option of FILLED_BY[blank] ?? []) taken.add(option);
  return taken;
}

const FILLED_BY: Readonly<Record<string, readonly OptionName[]>> = {
  hint: ['instance', 'alias'],
  text: ['instance'],
  rule: ['promotionRule'],
  ...Object.fromEntries((Object.keys(CLIENT_OPTIONS) as OptionName[]).map((name) => [name, [name]])),
};

function fitting(part: string, words: readonly string[]): readonly string[] {
  return words.filter((word) => word.startsWith(part));
}
