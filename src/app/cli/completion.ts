/**
 * `orchestrator completion`: what may stand at the end of a line of this program. Behind `-c` that is what the client takes,
 * with its letters under this program's names.
 */
import { candidatesFor } from '../client/completion/candidates.js';
import { type Asker, type Candidates, complete } from '../client/completion/complete.js';
import { FILES, SHELLS } from '../client/completion/shell-scripts.js';
import { dashed } from './arguments.js';
import { RAFT_ACTIONS, VERBS } from './command-line.js';
import { OPTIONS } from './options.js';

/** The exit code. */
export async function completeProgram(words: readonly string[], asker: Asker): Promise<number> {
  return await complete(words, 'orchestrator', candidatesOf, asker, (line) => line.map(asClientWord));
}

const candidatesOf: Candidates = async (words, names) => {
  const [current = '', before = '', ...earlier] = words.toReversed();
  if (before === '--config' || before === '-config') return [FILES];
  if (isCommandLine([...earlier, before])) {
    // An option that is half written has another name there: all are asked for.
    const isOption = current.startsWith('-') && !current.includes('=');
    const line = [...words.slice(0, -1).map(asClientWord), isOption ? '-' : current];
    const found = await candidatesFor(line, 'program', names);
    return found.flatMap((candidate) => asProgramWord(candidate)).filter((candidate) => candidate.startsWith(current));
  }
  return wordsAfter(words.slice(0, -1).filter((word) => !word.startsWith('-'))).filter(
    (word) => word === FILES || word.startsWith(current),
  );
};

function isCommandLine(before: readonly string[]): boolean {
  return before.includes('-c') || before.includes('--c') || before.includes('cli');
}

function wordsAfter([verb, action]: readonly string[]): readonly string[] {
  const advertised = OPTIONS.flatMap(({ name, meaning }) => (meaning === undefined ? [] : [dashed(name)]));
  switch (verb) {
    case undefined:
      return [...VERBS, '-c', ...advertised];
    case 'config':
      return action === undefined ? ['check'] : [FILES];
    case 'raft':
      return action === undefined ? Object.keys(RAFT_ACTIONS) : ['--api', '--json', '--help'];
    case 'help':
      return action === undefined ? VERBS : action === 'raft' ? Object.keys(RAFT_ACTIONS) : [];
    case 'completion':
      return SHELLS;
    case 'import':
      return ['--from', '--api', '--noop', '--help'];
    default:
      return advertised;
  }
}

/** `--alias` is the client's `-a`; what has no name there stays. */
function asClientWord(word: string): string {
  const [, name, attached = ''] = /^--?([A-Za-z][\w-]*)(=.*)?$/.exec(word) ?? [];
  const client = OPTIONS.find((option) => option.name === name)?.client;
  return client === undefined || (attached !== '' && !client.startsWith('--')) ? word : `${client}${attached}`;
}

/** None where this program has no such option. */
function asProgramWord(candidate: string): readonly string[] {
  if (!candidate.startsWith('-') || candidate.includes('=')) return [candidate];
  return OPTIONS.filter(({ client }) => client === candidate)
    .slice(0, 1)
    .map(({ name }) => dashed(name));
}
