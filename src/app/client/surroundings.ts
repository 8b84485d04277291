/** What a run of the client stands in: arguments, environment, where its words go, and who may end it. */
import type { Environment } from './environment.js';

export interface ClientSurroundings {
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Ends early when `stop` is aborted. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly profileFile?: string;
  /** Which of the two a person is looking at; absent: neither. */
  readonly terminal?: { readonly out: boolean; readonly err: boolean };
  /** Aborted when the user has had enough, or when nobody reads what is printed any more. */
  readonly stop?: AbortSignal;
  /** Told when a request that changes something is sent, and when its answer came. */
  readonly changing?: (isUnderWay: boolean) => void;
  /** Absent: the script's. */
  readonly dialect?: Dialect;
}

/**
 * script: `orchestrator-client -c`. program: `orchestrator -c`, which has more commands, and for some of them prints other
 * lines.
 */
export type Dialect = 'script' | 'program';

const PROGRAMS: Readonly<Record<Dialect, string>> = { script: 'orchestrator-client', program: 'orchestrator' };

export function programName({ dialect = 'script' }: ClientSurroundings): string {
  return PROGRAMS[dialect];
}
