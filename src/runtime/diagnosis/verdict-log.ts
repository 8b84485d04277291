/**
 * One line for each change of verdict about a server, with what it rests on and, where nothing will be done, why not. Not
 * a line more: ages change all the time, and reasons waver while a server that nobody reaches goes on feeding its replicas.
 * A log that repeats itself is not read.
 */
import { addressText } from '../../core/topology/address.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { Clock } from '../ports/clock.js';
import type { Finding } from './diagnostician.js';

/** Under the same name another reason is told at most this often, and only if it still holds then. */
const REASON_GAP_MS = 30_000;

interface Told {
  readonly code: string;
  readonly reason: string;
  readonly atMs: number;
}

export class VerdictLog {
  readonly #clock: Clock;
  readonly #log: (level: 'info' | 'warn', text: string) => void;
  readonly #told = new Map<ServerId, Told>();

  constructor(clock: Clock, log: (level: 'info' | 'warn', text: string) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  /** `restraint`: why the one thing that could bring certainty is not done. */
  tell(server: Server, { problem, judgement }: Finding, restraint: string | null): void {
    const told = this.#told.get(server.id);
    const name = addressText(server.address);
    if (problem === null) {
      if (this.#told.delete(server.id)) this.#log('info', `${name}: ${told?.code ?? 'it'} is over`);
      return;
    }
    const reason = `${judgement?.missing ?? ''} ${restraint ?? ''}`;
    const atMs = this.#clock.nowMs();
    if (told?.code === problem.code && (told.reason === reason || atMs - told.atMs < REASON_GAP_MS)) return;
    this.#told.set(server.id, { code: problem.code, reason, atMs });
    const reasons = [...problem.because, ...(restraint === null ? [] : [restraint])];
    const level = problem.severity === 'notice' ? 'info' : 'warn';
    this.#log(level, `${name}: ${problem.code}: ${problem.description}. ${reasons.join('; ')}`);
  }

  keepOnly(servers: ReadonlyMap<ServerId, unknown>): void {
    for (const id of this.#told.keys()) if (!servers.has(id)) this.#told.delete(id);
  }
}
