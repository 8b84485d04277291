/**
 * Which founding of the cluster this node's log goes back to, and what it would say of it as leader. The log has the word:
 * what was applied is kept beside the log, so that from the first handshake of the next start on a node of another founding
 * is turned away, also before a word of the log was read. A leader opens each term with the founding that it knows; one that
 * knows of none names what others said before it names one of its own drawing, which a cluster needs only once.
 */
import { encodeFounding } from '../../core/ledger/founding.js';
import { OperationalError } from '../errors.js';
import type { ConsensusEvent } from '../ports/consensus.js';
import type { PeerTransport } from '../ports/peer-transport.js';

export interface FoundingPorts {
  readonly transport: Pick<PeerTransport, 'setFounding'>;
  readonly rememberFounding: (founding: string) => Promise<void>;
}

export interface FoundingListeners {
  /** What the next term is to be opened with. */
  onOpening(payload: Uint8Array): void;
  onEvent(event: ConsensusEvent): void;
}

export class FoundingKeeper {
  readonly #ports: FoundingPorts;
  readonly #listeners: FoundingListeners;
  #toName: string;
  #known: string | null = null;

  /** `drawn`: for a cluster that has none yet. */
  constructor(drawn: string, ports: FoundingPorts, listeners: FoundingListeners) {
    this.#toName = drawn;
    this.#ports = ports;
    this.#listeners = listeners;
  }

  get known(): string | null {
    return this.#known;
  }

  get opening(): Uint8Array {
    return encodeFounding(this.#toName);
  }

  /** What the directory says at the start. */
  remembered(founding: string | null): void {
    if (founding !== null) this.#know(founding);
  }

  /** What a peer says; of no account for one that knows. */
  heard(founding: string): void {
    if (this.#known === null) this.#name(founding);
  }

  /** What the log says; also after each start. */
  async applied(founding: string): Promise<void> {
    const before = this.#known;
    if (before === founding) return;
    this.#know(founding);
    if (before !== null) {
      const text = `RaftDataDir was of founding ${before} of the cluster, and its log is of founding ${founding}: was one copied into the other?`;
      this.#listeners.onEvent({ level: 'error', kind: 'founding', text });
    }
    try {
      await this.#ports.rememberFounding(founding);
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      // The next start reads it from the log and writes it then.
      this.#listeners.onEvent({ level: 'warn', kind: 'founding', text: error.message });
    }
  }

  #know(founding: string): void {
    this.#known = founding;
    this.#ports.transport.setFounding(founding);
    this.#name(founding);
  }

  #name(founding: string): void {
    this.#toName = founding;
    this.#listeners.onOpening(this.opening);
  }
}
