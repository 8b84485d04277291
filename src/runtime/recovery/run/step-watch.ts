/**
 * Does the server still live on which a step is under way? A server that freezes in the middle of a statement does not say
 * so, and the limits of statements are those of what a healthy server may need (a STOP of an IO thread that is connecting
 * takes seconds): the clients of a dead primary would wait them out. So when a step takes longer than most do, somebody
 * knocks at its server's door. Nobody answers there: the step ends as one whose server cannot be reached, and the plan goes
 * on without it where it may. What the server still does when it thaws is judged by its deadline and its lock, as ever.
 */
import type { Step, StepKind, StepOutcome } from '../../../core/recovery/step.js';
import { type Address, addressText } from '../../../core/topology/address.js';
import type { RecoveryParts } from '../recovery-parts.js';

/** Nearly every step is done by then. */
const FIRST_KNOCK_MS = 500;
const LONGEST_PAUSE_MS = 4000;

/** No server is waited for, or its restart is. */
const UNWATCHED: ReadonlySet<StepKind> = new Set(['hooks', 'publish', 'promise-promotion', 'clone']);

/** The step's own outcome, or that its server went silent; then `onSilent` is called, which is to end what is under way. */
export async function watched(
  parts: Pick<RecoveryParts, 'clock' | 'prober' | 'times'>,
  { step, address }: { readonly step: Step; readonly address: Address },
  outcome: Promise<StepOutcome>,
  onSilent: () => void,
): Promise<StepOutcome> {
  if (UNWATCHED.has(step.kind)) return await outcome;
  const over = new AbortController();
  try {
    return await Promise.race([outcome, silence(parts, address, over.signal, onSilent)]);
  } finally {
    over.abort();
  }
}

/** Never resolves while the server answers. */
async function silence(
  { clock, prober, times }: Pick<RecoveryParts, 'clock' | 'prober' | 'times'>,
  address: Address,
  over: AbortSignal,
  onSilent: () => void,
): Promise<StepOutcome> {
  for (let pauseMs = FIRST_KNOCK_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    await pause(clock, pauseMs, over);
    const { vote } = await prober.knock(address, times.connectMs);
    // Also when the step has ended meanwhile: then nobody listens any more.
    if (over.aborted) return await new Promise(() => undefined);
    if (vote !== 'silent') continue;
    onSilent();
    const text = `it went silent in the middle of the step: no word to a fresh connection within ${String(times.connectMs)} ms`;
    return { ok: false, code: 'unreachable', error: `${addressText(address)}: ${text}`, retriable: true };
  }
}

/** Never resolves when it is over. A step of minutes knocks often: each pause leaves no listener behind. */
async function pause(clock: RecoveryParts['clock'], ms: number, over: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = (): void => {
      timer.cancel();
    };
    const timer = clock.setTimer(ms, () => {
      over.removeEventListener('abort', cancel);
      resolve();
    });
    over.addEventListener('abort', cancel, { once: true });
  });
}
