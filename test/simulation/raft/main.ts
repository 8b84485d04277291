/**
 * Many histories, for hours if need be: `scripts/simulate raft --seeds 1000000`. The seeds are shared out in small lots among
 * worker processes, a line tells how far it is, and the first history that breaks a promise ends the run with its seed and
 * with how to play it again. What vitest plays in a minute (simulation.test.ts) is the same thing from fresh seeds.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Happening, Happenings } from './happenings.js';
import { simulate } from './simulation.js';

const LOT = 100;
const PROGRESS_EVERY_MS = 10_000;

/** From the parent: play these. */
interface Lot {
  readonly from: number;
  readonly count: number;
}

/** From a worker: they are played; `failure` of the one at which it stopped. */
interface Report {
  readonly played: number;
  readonly acknowledged: number;
  readonly readsAnswered: number;
  readonly leaders: number;
  readonly happened: readonly (readonly [Happening, number])[];
  readonly failure: { readonly seed: number; readonly says: string } | null;
}

function play({ from, count }: Lot): Report {
  const happened = new Happenings();
  let [acknowledged, readsAnswered, leaders] = [0, 0, 0];
  for (let seed = from; seed < from + count; seed += 1) {
    try {
      const outcome = simulate(seed);
      acknowledged += outcome.acknowledged;
      readsAnswered += outcome.readsAnswered;
      leaders += outcome.leaders;
      happened.add(outcome.happened.counts);
    } catch (error) {
      const says = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const failure = { seed, says };
      return { played: seed - from, acknowledged, readsAnswered, leaders, happened: [...happened.counts], failure };
    }
  }
  return { played: count, acknowledged, readsAnswered, leaders, happened: [...happened.counts], failure: null };
}

class Run {
  readonly #from: number;
  readonly #seeds: number;
  readonly #workers: ChildProcess[] = [];
  readonly #happened = new Happenings();
  readonly #startedMs = performance.now();
  #handedOut = 0;
  #played = 0;
  #totals = { acknowledged: 0, readsAnswered: 0, leaders: 0 };

  constructor(from: number, seeds: number) {
    this.#from = from;
    this.#seeds = seeds;
  }

  async finish(workers: number): Promise<number> {
    console.log(`raft simulation: seeds ${this.#from} to ${this.#from + this.#seeds - 1}, ${workers} worker processes`);
    const progress = setInterval(() => {
      console.log(this.#progress());
    }, PROGRESS_EVERY_MS);
    const failures = await Promise.all(Array.from({ length: workers }, () => this.#work()));
    clearInterval(progress);
    console.log(this.#progress());
    for (const failure of failures) if (failure !== null) console.log(failure);
    if (failures.some((failure) => failure !== null)) return 1;
    console.log(`seen: ${[...this.#happened.counts].map(([what, count]) => `${what} ${count}`).join(', ')}`);
    const { missing } = this.#happened;
    if (missing.length > 0) console.log(`never seen: ${missing.join(', ')}`);
    console.log(`raft simulation: ${this.#played} histories, every promise kept`);
    return 0;
  }

  /** Resolves with what went wrong, or null. */
  #work(): Promise<string | null> {
    const worker = fork(fileURLToPath(import.meta.url), ['--worker'], { execArgv: ['--max-semi-space-size=32'] });
    this.#workers.push(worker);
    return new Promise((resolve) => {
      const next = (): void => {
        const lot = this.#nextLot();
        if (lot !== null) worker.send(lot);
        else worker.disconnect();
      };
      worker.on('message', (message) => {
        const report = message as Report;
        this.#take(report);
        if (report.failure === null) {
          next();
          return;
        }
        const { seed, says } = report.failure;
        for (const other of this.#workers) other.kill();
        resolve(`seed ${seed} FAILED: ${says}\nplay it again: scripts/simulate raft --seed ${seed}`);
      });
      worker.on('exit', (code, signal) => {
        resolve(code === 0 || signal === 'SIGTERM' ? null : `a worker process ended with ${code ?? signal}`);
      });
      next();
    });
  }

  #nextLot(): Lot | null {
    const count = Math.min(LOT, this.#seeds - this.#handedOut);
    if (count <= 0) return null;
    const from = this.#from + this.#handedOut;
    this.#handedOut += count;
    return { from, count };
  }

  #take({ played, acknowledged, readsAnswered, leaders, happened }: Report): void {
    this.#played += played;
    this.#totals = {
      acknowledged: this.#totals.acknowledged + acknowledged,
      readsAnswered: this.#totals.readsAnswered + readsAnswered,
      leaders: this.#totals.leaders + leaders,
    };
    this.#happened.add(happened);
  }

  #progress(): string {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const rate = this.#played / seconds;
    const left = rate > 0 ? Math.round((this.#seeds - this.#played) / rate / 60) : Number.NaN;
    const { acknowledged, readsAnswered, leaders } = this.#totals;
    return `${new Date().toISOString()} ${this.#played} of ${this.#seeds} histories, ${rate.toFixed(0)}/s, ${left} min left; ${leaders} leaders, ${acknowledged} writes acknowledged, ${readsAnswered} reads answered`;
  }
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    worker: { type: 'boolean', default: false },
  },
});

if (values.worker) {
  process.on('message', (message) => process.send?.(play(message as Lot)));
} else {
  const single = values.seed !== undefined;
  const from = Number(values.seed ?? values.from);
  process.exitCode = await new Run(from, single ? 1 : Number(values.seeds)).finish(single ? 1 : Number(values.workers));
}
