/**
 * `--watch`: an answer again and again, and at once when something happens, until the reader has had enough. A terminal is
 * drawn anew each time; anything else gets the answer only when it is another one. An answer that fails does not end it:
 * who watches a failover wants to see how it ends.
 */
import type { Context, Outcome } from '../context.js';
import type { Paint } from '../screen/paint.js';
import { textOfFailure } from '../session.js';
import { followEvents } from './event-stream.js';
import { timeText } from './happening-line.js';

export const WATCH_SECONDS = 2;
const CLEAR = '\u001b[H\u001b[2J\u001b[3J';
/** Steps of a recovery come in dozens, and one look shows them all. */
const TOGETHER_MS = 100;
const AGAIN_MS = 5000;

export interface Watching {
  readonly title: string;
  readonly seconds: number;
  readonly ask: () => Promise<Outcome>;
  readonly textOf: (outcome: Outcome & { readonly ok: true }) => string;
  readonly nowMs: () => number;
}

/** The exit code of the last answer. */
export async function watch(watching: Watching, context: Context): Promise<number> {
  const { surroundings, paint } = context;
  const stop = surroundings.stop ?? new AbortController().signal;
  const bell = new Bell(stop);
  void listen(context, bell, stop);
  let before: string | null = null;
  let exitCode = 0;
  while (!stop.aborted) {
    const outcome = await watching.ask();
    const text = outcome.ok ? watching.textOf(outcome) : `${paint('red', textOfFailure(outcome.error))}\n`;
    exitCode = outcome.ok ? outcome.value.exitCode : 1;
    if (surroundings.terminal?.out === true) surroundings.out(`${CLEAR}${headOf(watching, paint)}\n\n${text}`);
    else if (text !== before) surroundings.out(text);
    before = text;
    await bell.rung(watching.seconds * 1000);
  }
  return exitCode;
}

function headOf({ title, seconds, nowMs }: Watching, paint: Paint): string {
  return paint('dim', `${title}   ${timeText(nowMs())} UTC, every ${String(seconds)} s   ^C ends`);
}

/** Wakes who waits, once for all that happens together. */
class Bell {
  readonly #stop: AbortSignal;
  #wake: (() => void) | null = null;
  #isRung = false;

  constructor(stop: AbortSignal) {
    this.#stop = stop;
    stop.addEventListener('abort', () => this.#wake?.());
  }

  ring(): void {
    if (this.#isRung) return;
    this.#isRung = true;
    setTimeout(() => this.#wake?.(), TOGETHER_MS).unref();
  }

  async rung(atMostMs: number): Promise<void> {
    if (this.#stop.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#isRung ? TOGETHER_MS : atMostMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    this.#isRung = false;
  }
}

/** Without a stream the interval is what is left. */
async function listen({ session, surroundings }: Context, bell: Bell, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const api = await session.api();
    try {
      const url = api.ok ? `${api.value}/v1/happenings` : '';
      if (api.ok)
        await followEvents({ url, ...session.caller, after: '', stop }, () => {
          bell.ring();
        });
    } catch {
      session.forgetApi();
    }
    await surroundings.sleep(AGAIN_MS);
  }
}
