/**
 * `completion bash|zsh` prints what a shell is to be told; `completion words ...` is what the shell asks then. Whoever
 * presses a key waits for it, so the cluster is asked with a short deadline, any node of it, and silence is no error.
 */
import { field, listOf, textOf } from '../answer.js';
import { readEndpoints, whereToAsk } from '../endpoints.js';
import { PROFILE_FILE, readEnvironment } from '../environment.js';
import { keyText } from '../printers.js';
import { parseOptions } from '../options.js';
import { callerOf } from '../caller.js';
import type { ClientSurroundings } from '../surroundings.js';
import { type Caller, httpGet } from '../transport.js';
import type { Names } from './candidates.js';
import { type Shell, SHELLS, shellScript } from './shell-scripts.js';

const DEADLINE_MS = 700;
const SHOWN_MAX = 500;

/** What `completion` needs of its surroundings. */
export type Asker = Pick<ClientSurroundings, 'out' | 'err' | 'environment' | 'profileFile'>;

/** `words`: after the program's name, the last one being written. */
export type Candidates = (words: readonly string[], names: Names) => Promise<readonly string[]>;

/** The exit code. `asClient`: a line's words as the client would be given them, for whom to ask. */
export async function complete(
  words: readonly string[],
  program: string,
  candidatesOf: Candidates,
  asker: Asker,
  asClient: (words: readonly string[]) => readonly string[] = (same) => same,
): Promise<number> {
  const { out, err } = asker;
  const [what = '', ...rest] = words;
  if (isShell(what)) {
    out(shellScript(what, program));
    return 0;
  }
  if (what !== 'words') {
    err(
      `it is "${program} completion ${SHELLS.join('|')}"; source what it prints, as in: source <(${program} completion bash)\n`,
    );
    return 1;
  }
  const candidates = await candidatesOf(rest, namesOf(asClient(rest), asker));
  out(
    candidates
      .slice(0, SHOWN_MAX)
      .map((candidate) => `${candidate}\n`)
      .join(''),
  );
  return 0;
}

function isShell(word: string): word is Shell {
  return (SHELLS as readonly string[]).includes(word);
}

/** By the endpoints and the credentials of the line itself, where it has any. */
function namesOf(words: readonly string[], { environment: given, profileFile }: Asker): Names {
  const environment = readEnvironment(given, profileFile ?? PROFILE_FILE);
  const parsed = parseOptions(words.slice(0, -2));
  const options = parsed.ok ? parsed.value : {};
  const endpoints = readEndpoints(whereToAsk(options.api, environment).text);
  const caller = callerOf(options, environment);
  const ask = async (path: string): Promise<unknown> =>
    endpoints.ok && caller.ok ? await firstAnswer(endpoints.value, path, caller.value) : null;
  return {
    servers: async (fragment) => {
      const found = await ask(fragment === '' ? 'all-instances' : `search?s=${encodeURIComponent(fragment)}`);
      return listOf(found).map((instance) => keyText(field(instance, 'Key')));
    },
    clusters: async () => {
      const infos = listOf(await ask('clusters-info'));
      const named = infos.flatMap((info) => [field(info, 'ClusterAlias'), field(info, 'ClusterName')]);
      return [...new Set(named.map((name) => textOf(name ?? '')))].filter((name) => name !== '');
    },
  };
}

/** Null: nobody answered in time. */
async function firstAnswer(endpoints: readonly string[], path: string, caller: Caller): Promise<unknown> {
  const asked = endpoints.map(async (endpoint) => {
    const { status, text } = await httpGet({ url: `${endpoint}/${path}`, ...caller, timeoutMs: DEADLINE_MS });
    if (status !== 200) throw new Error(`it answered ${String(status)}`);
    return JSON.parse(text) as unknown;
  });
  return await Promise.any(asked).catch(() => null);
}
