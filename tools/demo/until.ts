// Waiting for something to become true, with a limit and a sentence for when it does not.
import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 60_000;
const PAUSE_MS = 25;

export class NotSeen extends Error {
  override readonly name = 'NotSeen';
}

/** The first answer that is not undefined. An error counts as no answer yet; the last one is told at the end. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, limitMs = LIMIT_MS): Promise<T> {
  const deadline = performance.now() + limitMs;
  let cause: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined) return seen;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline)
      throw new NotSeen(`within ${String(limitMs / 1000)} s not seen: ${what}`, { cause });
    await sleep(PAUSE_MS);
  }
}
