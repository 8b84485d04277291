/**
 * What a request does while the caller waits for it: from a second on, each step of the plan as it ends, on standard error.
 * The answer to the request tells how it went in the end; a stream that cannot be had costs the lines and nothing else.
 */
import { field, textOf } from '../answer.js';
import type { Paint } from '../screen/paint.js';
import type { ApiSession } from '../session.js';
import { clusterIdOf } from './cluster-id.js';
import { followEvents } from './event-stream.js';
import { headwayIn } from './happening-line.js';

export interface ProgressOptions {
  readonly session: ApiSession;
  /** Of the cluster that the request is about; '' where it names none. */
  readonly hint: string;
  readonly err: (text: string) => void;
  readonly paint: Paint;
  /** Before anything is told. */
  readonly patienceMs: number;
  readonly nowMs: () => number;
}

/** A request is not held up for longer, however slow the stream is to begin. */
const HEAD_START_MS = 300;

export class Progress {
  readonly #options: ProgressOptions;
  readonly #end = new AbortController();
  readonly #texts = new Map<string, string>();
  /** Plans that were under way before. */
  readonly #others = new Set<string>();
  #cluster = '';
  #isCurrent = false;
  #told: string[] | null = [];
  #startedAtMs = 0;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Resolves when it follows, or after a moment. */
  async begin(): Promise<void> {
    const { session, hint, patienceMs, nowMs } = this.#options;
    this.#startedAtMs = nowMs();
    const api = await session.api();
    if (!api.ok) return;
    const named =
      hint === '' ? null : clusterIdOf(session, hint).then((id) => void (this.#cluster = id.ok ? id.value : ''));
    const current = new Promise<void>((resolve) => {
      void this.#follow(`${api.value}/v1/happenings`, resolve);
    });
    await Promise.race([Promise.all([named, current]), afterMs(HEAD_START_MS)]);
    void afterMs(patienceMs).then(() => {
      this.#speak();
    });
  }

  end(): void {
    this.#told = [];
    this.#end.abort();
  }

  async #follow(url: string, current: () => void): Promise<void> {
    try {
      const following = { url, ...this.#options.session.caller, after: '', stop: this.#end.signal };
      await followEvents(following, ({ data }) => {
        if (field(data, 'kind') === 'current') {
          this.#isCurrent = true;
          current();
        } else this.#hear(data);
      });
    } catch {
      // The answer is what counts; nobody is to be told that it could not be watched.
    }
    current();
  }

  #hear(happening: unknown): void {
    const kind = textOf(field(happening, 'kind') ?? '');
    const recovery = textOf(field(happening, 'recovery') ?? '');
    if (recovery === '') return;
    if (!this.#isCurrent) this.#others.add(recovery);
    const isOurs = this.#cluster === '' || field(happening, 'clusterId') === this.#cluster;
    if (!isOurs || this.#others.has(recovery)) return;
    const step = `${recovery}/${textOf(field(happening, 'step'))}`;
    const text = textOf(field(happening, 'text') ?? '');
    if (kind === 'step-began') this.#texts.set(step, text);
    if (kind !== 'step-ended') return;
    this.#tell(text, headwayIn(happening), this.#texts.get(step) ?? textOf(field(happening, 'code')));
  }

  #tell(outcome: string, headway: string, step: string): void {
    const { nowMs, paint } = this.#options;
    const seconds = ((nowMs() - this.#startedAtMs) / 1000).toFixed(1).padStart(6);
    const words = outcome === 'done' ? paint('green', 'done') : paint('red', outcome);
    const line = `${seconds} s  ${words}${headway === '' ? '' : ` (${headway})`}: ${step}\n`;
    if (this.#told === null) this.#options.err(line);
    else this.#told.push(line);
  }

  #speak(): void {
    if (this.#end.signal.aborted) return;
    for (const line of this.#told ?? []) this.#options.err(line);
    this.#told = null;
  }
}

async function afterMs(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
