/**
 * Splits a command line into options and words, as Go programs read it: one dash or two, `-name=value` or `-name value`,
 * and switches that may say `=false`. Options are taken wherever they stand, also after the words.
 */
import { failed, ok, type Result } from '../../core/base/result.js';
import { nearestName } from '../config/nearest-name.js';
import { type Option, OPTIONS } from './options.js';

export interface Arguments {
  readonly words: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
  readonly switches: ReadonlyMap<string, boolean>;
}

const TRUTHS: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  '1': true,
  false: false,
  f: false,
  '0': false,
};

/** The error is a sentence. */
export function splitArguments(argv: readonly string[]): Result<Arguments, string> {
  const words: string[] = [];
  const texts = new Map<string, string>();
  const switches = new Map<string, boolean>();
  const waiting = [...argv];
  for (let argument = waiting.shift(); argument !== undefined; argument = waiting.shift()) {
    if (argument === '--') {
      words.push(...waiting);
      break;
    }
    const [, name, value] = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(argument) ?? [];
    if (name === undefined) {
      if (argument.startsWith('-') && argument !== '-') return failed(`${argument} is not an option`);
      words.push(argument);
      continue;
    }
    const option = OPTIONS.find((known) => known.name === name);
    if (option === undefined) return failed(unknownOption(argument, name));
    if (option.takes === 'attached') {
      texts.set(option.name, value ?? '');
      continue;
    }
    const problem =
      option.takes === 'text' ? takeText(option, value, waiting, texts) : takeSwitch(option, value, switches);
    if (problem !== null) return failed(problem);
  }
  return ok({ words, texts, switches });
}

function takeText(
  option: Option,
  value: string | undefined,
  waiting: string[],
  texts: Map<string, string>,
): string | null {
  const text = value ?? waiting.shift();
  if (text === undefined) return `${dashed(option.name)} needs a value`;
  texts.set(option.name, text);
  return null;
}

function takeSwitch(option: Option, value: string | undefined, switches: Map<string, boolean>): string | null {
  const truth = TRUTHS[(value ?? 'true').toLowerCase()];
  if (truth === undefined) return `${dashed(option.name)}=${String(value)}: allowed are true and false`;
  switches.set(option.name, truth);
  return null;
}

export function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function unknownOption(argument: string, name: string): string {
  const nearest = nearestName(
    name,
    OPTIONS.map((option) => option.name).filter((known) => known.length > 1),
  );
  return `${argument.replace(/=[\s\S]*/, '')} is not an option${nearest === null ? '' : `; is ${dashed(nearest)} meant?`}`;
}
