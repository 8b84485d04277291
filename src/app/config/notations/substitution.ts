/**
 * `${NAME}` in a value stands for a variable of the environment, so that one file serves many nodes and no password need
 * stand in it. A variable that is not set is a fault and not an empty text: a half-empty address or pattern would mean
 * something, and something else. What is known of the values stays out of every message: the file shows `${NAME}` as well.
 */
import type { Environment } from '../sections/data-directory.js';
import { isObeyed, type KeyName } from '../keys/keys.js';

export interface Substituted {
  readonly value: unknown;
  /** Variables that the value refers to. */
  readonly variables: readonly string[];
  /** Those of them that are not set. */
  readonly missing: readonly string[];
  /** The whole value came from one variable, and may be a number or a list in the form of JSON. */
  readonly whole: boolean;
}

const REFERENCE = /\$?\$\{([A-Za-z_]\w*)\}/g;
const ONE_REFERENCE = /^\$\{([A-Za-z_]\w*)\}$/;

/** Shell commands: their `${NAME}` are for the shell, which gets variables of its own. */
const FOR_THE_SHELL = /Process(es|ShellCommand)/;
/** Its variable counts only where no credentials file takes its place; it is looked up there. */
const LATER: readonly KeyName[] = ['MySQLTopologyPassword'];

/** `password`: only the whole value may be a reference, as with the incumbent; a password may hold any characters. */
export function substitute(name: KeyName, given: unknown, password: boolean, environment: Environment): Substituted {
  // A file that is moved over refers to variables that nobody sets any more, for keys that do nothing here.
  if (!isObeyed(name) || FOR_THE_SHELL.test(name) || LATER.includes(name)) {
    return { value: given, variables: [], missing: [], whole: false };
  }
  const variables: string[] = [];
  const look = (variable: string): string => {
    variables.push(variable);
    return environment[variable] ?? '';
  };
  const inText = (text: string): string => {
    const one = ONE_REFERENCE.exec(text)?.[1];
    if (one !== undefined) return look(one);
    if (password) return text;
    return text.replaceAll(REFERENCE, (reference, variable: string) =>
      reference.startsWith('$$') ? reference.slice(1) : look(variable),
    );
  };
  const value = inEvery(given, inText);
  return {
    value,
    variables,
    missing: variables.filter((variable) => environment[variable] === undefined),
    whole: typeof given === 'string' && ONE_REFERENCE.test(given),
  };
}

function inEvery(value: unknown, inText: (text: string) => string): unknown {
  if (typeof value === 'string') return inText(value);
  if (Array.isArray(value)) return value.map((item) => inEvery(item, inText));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inEvery(item, inText)]));
}
