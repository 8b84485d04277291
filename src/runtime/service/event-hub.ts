/**
 * Tells the doors that something changed, not what: they read the state themselves and send what their own clients
 * need. Many changes in one turn of the event loop are one event of their kind.
 */
import type { ServiceEvent } from '../ports/service.js';

export class EventHub {
  readonly #listeners = new Set<(event: ServiceEvent) => void>();
  readonly #pending = new Map<ServiceEvent['kind'], ServiceEvent>();
  #scheduled = false;

  subscribe(listener: (event: ServiceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  publish(event: ServiceEvent): void {
    this.#pending.set(event.kind, event);
    if (this.#scheduled || this.#listeners.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#flush();
    });
  }

  #flush(): void {
    this.#scheduled = false;
    const events = [...this.#pending.values()];
    this.#pending.clear();
    for (const event of events) {
      for (const listener of [...this.#listeners]) listener(event);
    }
  }
}
