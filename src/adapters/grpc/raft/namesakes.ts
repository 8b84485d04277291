/**
 * Which process answers to each name. Two processes with one id would each give the vote that the id has: two leaders. They
 * come about by a copied configuration file or a cloned machine. Whoever is connected holds the name; another is turned away
 * until that one is gone, which a closed connection tells at once and a dead machine after the keepalive.
 */
import type { NodeId } from '../../../core/raft/message.js';

interface Holder {
  readonly instance: string;
  streams: number;
}

export class PeerNamesakes {
  readonly #holders = new Map<NodeId, Holder>();

  /** Why this process may not speak as `id`; null when it may. */
  objection(id: NodeId, instance: string): string | null {
    const holder = this.#holders.get(id);
    if (holder === undefined || holder.instance === instance || instance === '') return null;
    return `two processes call themselves ${id}, and the other one is connected: stop one of them, or give it an id and a RaftDataDir of its own`;
  }

  /** A stream with it stands. Returns what is to be called when the stream is gone; more than once does no harm. */
  hold(id: NodeId, instance: string): () => void {
    const known = this.#holders.get(id);
    const holder = known?.instance === instance ? known : { instance, streams: 0 };
    this.#holders.set(id, holder);
    holder.streams += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      holder.streams -= 1;
      if (holder.streams === 0 && this.#holders.get(id) === holder) this.#holders.delete(id);
    };
  }
}
