/**
 * What a leader tells the log about the cluster itself: the addresses that its members say they have, and the seeds of its
 * own configuration. Only what is new is proposed, and a proposal that fails is made again at the next occasion.
 */
import type { NodeRecord } from '../../core/ledger/state.js';
import { forgottenAddresses } from '../../core/ledger/tombstones.js';
import { type Address, addressKey, addressText, sameAddress } from '../../core/topology/address.js';
import type { Consensus } from '../../runtime/ports/consensus.js';
import type { NodeInfo } from '../../runtime/ports/peer-transport.js';
import type { Proposal, ReplicatedLedger } from '../../runtime/replicated-ledger.js';
import type { Log } from '../log.js';

export class Announcer {
  readonly #ledger: ReplicatedLedger;
  readonly #consensus: Consensus;
  readonly #seeds: () => readonly Address[];
  readonly #log: Log;
  #seededTerm = 0;
  /** What each node said before it said what it says now. */
  readonly #earlier = new Map<string, NodeRecord>();
  readonly #doubles = new Set<string>();

  constructor(ledger: ReplicatedLedger, consensus: Consensus, seeds: () => readonly Address[], log: Log) {
    this.#ledger = ledger;
    this.#consensus = consensus;
    this.#seeds = seeds;
    this.#log = log;
  }

  announce(): void {
    const term = this.#ledger.readyTerm;
    if (term === null) return;
    for (const info of this.#consensus.peers().values()) {
      const node = recordOf(info);
      const known = this.#ledger.state.nodes.get(node.id);
      if (isSame(known, node)) continue;
      this.#noticeDouble(node, known);
      this.#propose({ kind: 'node-announced', node });
    }
    if (this.#seededTerm !== term) this.#seed(term);
  }

  /** Other seeds, perhaps. */
  noticeSeeds(): void {
    this.#seededTerm = 0;
    this.announce();
  }

  /** A node that moves says something new; two that take turns say what was said before. */
  #noticeDouble(node: NodeRecord, known: NodeRecord | undefined): void {
    const isBack = isSame(this.#earlier.get(node.id), node);
    if (known !== undefined) this.#earlier.set(node.id, known);
    if (!isBack || known === undefined || this.#doubles.has(node.id)) return;
    this.#doubles.add(node.id);
    const text = `two processes call themselves ${node.id}: one answers at ${node.httpAddress}, the other at ${known.httpAddress}`;
    this.#log.error(`${text}. Stop one of them, or give it a RaftAdvertise and a RaftDataDir of its own`);
  }

  #seed(term: number): void {
    this.#seededTerm = term;
    const { servers } = this.#ledger.state;
    const unknown = this.#seeds().filter(
      (seed) =>
        ![...servers.values()].some(({ address, aliases }) =>
          [address, ...aliases].some((known) => sameAddress(known, seed)),
        ),
    );
    const forgotten = forgottenAddresses(this.#ledger.state);
    const wanted = unknown.filter((seed) => !forgotten.has(addressKey(seed)));
    // An operator's word of yesterday is newer than a file that names the server still.
    for (const seed of unknown.filter((one) => !wanted.includes(one))) {
      const name = addressText(seed);
      this.#log.warn(
        `DiscoverySeeds names ${name}, which was forgotten on purpose: \`discover -i ${name}\` brings it back`,
      );
    }
    if (wanted.length === 0) return;
    this.#log.info(`DiscoverySeeds: ${wanted.map(addressText).join(', ')}`);
    this.#propose({ kind: 'targets-added', targets: wanted.map((address) => ({ address, origin: 'seed' as const })) });
  }

  #propose(proposal: Proposal): void {
    this.#ledger.propose(proposal).catch((error: unknown) => {
      this.#log.debug({ err: error }, `${proposal.kind} was not committed`);
    });
  }
}

function recordOf({ id, raftAddress, httpAddress, grpcAddress, version, schema }: NodeInfo): NodeRecord {
  return { id, raftAddress, httpAddress, grpcAddress, version, schema };
}

function isSame(known: NodeRecord | undefined, node: NodeRecord): boolean {
  return (
    known?.raftAddress === node.raftAddress &&
    known.httpAddress === node.httpAddress &&
    known.grpcAddress === node.grpcAddress &&
    known.version === node.version &&
    known.schema === node.schema
  );
}
