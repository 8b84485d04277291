/** What this node's eyes say of a server now, for the rooms that decide: of the server itself, not of who answers there. */
import type { SoftState } from '../../core/recovery/openings/graceful-takeover.js';
import type { LastLook } from '../../core/recovery/sights.js';
import type { Address } from '../../core/topology/address.js';
import type { ServerId } from '../../core/topology/server.js';
import { type Sighting, sightingOfServer } from '../../runtime/ports/service.js';
import type { ReplicatedLedger } from '../../runtime/replicated-ledger.js';

export class NodeSights {
  readonly soft: SoftState = {
    answers: (id) => this.#sightingOf(id)?.valid === true,
    lagSeconds: (id) => this.#sightingOf(id)?.vitals?.lagSeconds ?? null,
  };
  readonly #ledger: ReplicatedLedger;
  readonly #sightingAt: (address: Address) => Sighting | null;

  constructor(ledger: ReplicatedLedger, sightingAt: (address: Address) => Sighting | null) {
    this.#ledger = ledger;
    this.#sightingAt = sightingAt;
  }

  lastLook(id: ServerId): LastLook {
    const { valid = false, lastSeenAtMs = null, vitals = null, unread, lastError } = this.#sightingOf(id) ?? {};
    const look = { answers: valid, seenAtMs: lastSeenAtMs, vitals };
    return unread === true ? { ...look, unread: lastError ?? '' } : look;
  }

  #sightingOf(id: ServerId): Sighting | null {
    const server = this.#ledger.state.servers.get(id);
    return server === undefined ? null : sightingOfServer(server, this.#sightingAt(server.address));
  }
}
