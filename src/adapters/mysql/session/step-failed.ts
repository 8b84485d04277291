/** How a step ends when it does not succeed, thrown inside this folder and turned into an outcome at the session's door. */
import type { StepFailure, StepOutcome } from '../../../core/recovery/step.js';
import { addressText, type Address } from '../../../core/topology/address.js';
import { LinkFailed, shown, StatementFailed } from '../connection/failure.js';

export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  readonly code: StepFailure;
  readonly retriable: boolean;

  /** The message names the server, the statement and the next step where there are any. */
  constructor(code: StepFailure, message: string, retriable: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retriable = retriable;
  }
}

/** Lock wait time-out, deadlock, query or session ended by somebody else, shutdown: what may work the next time. */
const PASSING = new Set([1205, 1213, 1317, 1053, 3169, 4031]);

const GRANT = 'grant it: `orchestrator grants` prints all that is needed, and what for';

/** What to do about errors of MySQL that a person has to mend. */
const NEXT_STEPS: ReadonlyMap<number, string> = new Map([
  [1044, GRANT],
  [1142, GRANT],
  [1227, GRANT],
  [1236, 'the source no longer has what this server needs: build it anew'],
]);

export function statementFailed(address: Address, statement: string, error: StatementFailed): StepFailed {
  const next = NEXT_STEPS.get(error.number);
  const message = `${addressText(address)}: ${shown(statement)}: error ${String(error.number)}: ${error.text}`;
  const advice = next === undefined ? '' : ` (${next})`;
  return new StepFailed('statement', `${message}${advice}`, PASSING.has(error.number), error);
}

/** The outcome of whatever was thrown while a step was taken. A fault of the program itself is thrown on. */
export function outcomeOfError(error: unknown): StepOutcome {
  if (error instanceof StepFailed) {
    return { ok: false, code: error.code, error: error.message, retriable: error.retriable };
  }
  if (error instanceof LinkFailed) return { ok: false, code: 'unreachable', error: error.message, retriable: true };
  if (error instanceof StatementFailed) {
    return { ok: false, code: 'statement', error: error.message, retriable: PASSING.has(error.number) };
  }
  throw error;
}
