/**
 * Secrets are cut out of what others say (a server that quotes a statement, a store that repeats a header, a command that
 * prints its arguments) where it comes in: behind this it is in the log of the cluster, on the streams and in answers of
 * every node, and no door could take it back. Only sentences are touched: a password that looks like a part of a GTID must
 * not change one.
 */
import type { StepOutcome } from '../core/recovery/step.js';
import type { Address } from '../core/topology/address.js';
import type { ProbeResult } from '../core/topology/report.js';
import type { ReplicationError } from '../core/topology/server.js';
import { OperationalError } from './errors.js';
import type { HookRunner } from './ports/hooks.js';
import type { Prober, ServerSession, SessionOpener, SessionOptions } from './ports/mysql.js';
import type { PairStore } from './ports/pair-store.js';

export type Conceal = (text: string) => string;

export class ConcealingProber implements Prober {
  readonly #inner: Prober;
  readonly #conceal: Conceal;

  constructor(inner: Prober, conceal: Conceal) {
    this.#inner = inner;
    this.#conceal = conceal;
  }

  async probe(address: Address, timeoutMs: number): Promise<ProbeResult> {
    const result = await this.#inner.probe(address, timeoutMs);
    if (!result.ok)
      return { ...result, failure: { ...result.failure, message: this.#conceal(result.failure.message) } };
    const { facts } = result.report;
    if (facts.channels.every(({ ioError, sqlError }) => ioError === null && sqlError === null)) return result;
    const channels = facts.channels.map((channel) => ({
      ...channel,
      ioError: this.#error(channel.ioError),
      sqlError: this.#error(channel.sqlError),
    }));
    return { ...result, report: { ...result.report, facts: { ...facts, channels } } };
  }

  async knock(address: Address, timeoutMs: number): ReturnType<Prober['knock']> {
    const { vote, detail } = await this.#inner.knock(address, timeoutMs);
    return { vote, detail: this.#conceal(detail) };
  }

  onConnectionLost(listener: (address: Address, reason: string) => void): void {
    this.#inner.onConnectionLost((address, reason) => {
      listener(address, this.#conceal(reason));
    });
  }

  release(address: Address): void {
    this.#inner.release(address);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #error(error: ReplicationError | null): ReplicationError | null {
    return error === null ? null : { ...error, text: this.#conceal(error.text) };
  }
}

export function concealingSessions(opener: SessionOpener, conceal: Conceal): SessionOpener {
  return {
    open: async (options: SessionOptions): Promise<ServerSession> => {
      const session = await opener.open(options).catch((error: unknown) => {
        throw concealedError(error, conceal);
      });
      return {
        get alive() {
          return session.alive;
        },
        execute: async (...call) => concealedOutcome(await session.execute(...call), conceal),
        close: () => session.close(),
      };
    },
  };
}

export function concealingHooks(runner: HookRunner, conceal: Conceal): HookRunner {
  return {
    get configured() {
      return runner.configured;
    },
    run: async (order) => concealedOutcome(await runner.run(order), conceal),
  };
}

export function concealingStore(store: PairStore, conceal: Conceal): PairStore {
  return {
    get name() {
      return conceal(store.name);
    },
    write: async (...call) =>
      await store.write(...call).catch((error: unknown) => {
        throw concealedError(error, conceal);
      }),
  };
}

function concealedOutcome(outcome: StepOutcome, conceal: Conceal): StepOutcome {
  if (!outcome.ok) return { ...outcome, error: conceal(outcome.error), ...concealedLines(outcome, conceal) };
  const { findings } = outcome;
  const { text } = findings;
  const sentence = text === undefined ? {} : { text: conceal(text) };
  return { ...outcome, findings: { ...findings, ...sentence, ...concealedLines(findings, conceal) } };
}

function concealedLines(
  { lines }: { readonly lines?: readonly string[] },
  conceal: Conceal,
): { readonly lines?: readonly string[] } {
  return lines === undefined ? {} : { lines: lines.map(conceal) };
}

/** The cause stays: it goes to the log alone, which cuts for itself. */
function concealedError(error: unknown, conceal: Conceal): unknown {
  if (!(error instanceof OperationalError)) return error;
  const message = conceal(error.message);
  return message === error.message ? error : new OperationalError(error.code, message, error.cause);
}
