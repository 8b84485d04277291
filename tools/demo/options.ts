// The command line of scripts/demo.

export const FAULTS = ['kill', 'pause', 'leader', 'both'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Options {
  readonly fault: Fault;
  readonly keep: boolean;
}

export const USAGE = `scripts/demo [--fault kill|pause|leader|both] [--keep]

  --fault kill     the primary is killed with SIGKILL, later the orchestrator's leader; then the old primary returns
  --fault pause    the primary falls silent with SIGSTOP instead, its connections open; it returns with SIGCONT
  --fault leader   only the orchestrator's leader is killed
  --fault both     primary and leader are killed at the same moment: the next leader recovers the primary
  --keep           leaves everything up at the end, until Ctrl-C, with addresses to look at and commands to try

  MYSQLD=/path/to/mysqld uses that server; otherwise MySQL 9.x is fetched into the project's cache.
`;

function isFault(text: string | undefined): text is Fault {
  return FAULTS.some((fault) => fault === text);
}

/** Undefined when the usage should be shown: what was given is not understood, or help was asked for. */
export function parseOptions(words: readonly string[]): Options | undefined {
  let fault: Fault = 'kill';
  let keep = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '--keep') keep = true;
    else if (word === '--fault' || word.startsWith('--fault=')) {
      const value = word === '--fault' ? words[(index += 1)] : word.slice('--fault='.length);
      if (!isFault(value)) return undefined;
      fault = value;
    } else return undefined;
  }
  return { fault, keep };
}
