/**
 * A command is proposed only when every member can read it: an entry that a member cannot read stops its program, so one
 * new command in the middle of an upgrade would take down all nodes that still wait for theirs. What a member can read it
 * says itself when it introduces itself, and the log remembers it for the time when it is away. Programs from before this
 * rule say nothing and read the first version.
 */
import { SCHEMA_VERSION, schemaOf, type Unstamped } from '../core/ledger/codec.js';
import type { NodeRecord } from '../core/ledger/state.js';
import { membersOf } from '../core/raft/membership.js';
import type { NodeId } from '../core/raft/message.js';
import type { Clock } from './ports/clock.js';
import type { Consensus } from './ports/consensus.js';
import { ConsensusError } from './ports/consensus-errors.js';

/** What every program reads, those that do not say what they read included. */
export const FIRST_SCHEMA = 1;

/**
 * A member that has never said a word may be about to: it is waited for this long, from the beginning of the leader's
 * term. After that it does not run, and a machine that was never started must not forbid everything new for ever; should
 * it be started with an older program, that stops by itself and says which program it needs.
 */
const UNHEARD_MS = 5000;

/** Certainly not done: the named members have to be upgraded first. */
export class MemberTooOld extends ConsensusError {
  readonly members: readonly NodeId[];

  constructor(command: Unstamped, members: readonly NodeId[], message: string) {
    super(
      'MEMBER_TOO_OLD',
      `${command.kind} (schema version ${String(schemaOf(command))}) cannot be proposed yet: ${message}`,
    );
    this.members = members;
  }
}

export class SchemaGate {
  readonly #consensus: Consensus;
  readonly #clock: Clock;
  /** The members were all found to read everything, and nothing has happened since that could change it. */
  #isOpen = false;
  #termBeganAtMs: number;

  constructor(consensus: Consensus, clock: Clock) {
    this.#consensus = consensus;
    this.#clock = clock;
    this.#termBeganAtMs = clock.nowMs();
  }

  /** Members came, went, or said something new. */
  lookAgain(): void {
    this.#isOpen = false;
  }

  /** This node leads since now: from now on it waits for those who have not been heard. */
  beginTerm(): void {
    this.#termBeganAtMs = this.#clock.nowMs();
    this.#isOpen = false;
  }

  /** Nothing has to be asked: the proposal need not wait for a turn of the event loop. */
  admits(command: Unstamped): boolean {
    return this.#isOpen || schemaOf(command) <= FIRST_SCHEMA;
  }

  /** Rejects with MemberTooOld. */
  async admit(command: Unstamped, nodes: ReadonlyMap<string, NodeRecord>): Promise<void> {
    const { id: self, membership } = await this.#consensus.status();
    const schemas = new Map(
      membersOf(membership)
        .filter((id) => id !== self)
        .map((id) => [id, this.#schemaOf(id, nodes)] as const),
    );
    const needed = schemaOf(command);
    const old = [...schemas].filter(([, schema]) => schema !== null && schema < needed).map(([id]) => id);
    if (old.length > 0) throw new MemberTooOld(command, old, oldText(old, nodes));
    const unheard = [...schemas].filter(([, schema]) => schema === null).map(([id]) => id);
    if (unheard.length > 0 && this.#clock.nowMs() - this.#termBeganAtMs < UNHEARD_MS)
      throw new MemberTooOld(command, unheard, unheardText(unheard));
    this.#isOpen = [...schemas.values()].every((schema) => schema !== null && schema >= SCHEMA_VERSION);
  }

  /** Its own words, newest first; null when it never said any. */
  #schemaOf(id: NodeId, nodes: ReadonlyMap<string, NodeRecord>): number | null {
    const spoken = this.#consensus.peers().get(id) ?? nodes.get(id);
    return spoken === undefined ? null : (spoken.schema ?? FIRST_SCHEMA);
  }
}

function oldText(members: readonly NodeId[], nodes: ReadonlyMap<string, NodeRecord>): string {
  const named = members.map((id) => {
    const version = nodes.get(id)?.version ?? '';
    return version === '' ? id : `${id} (version ${version})`;
  });
  return `${named.join(', ')} cannot read it; upgrade the program there, or remove the node from the cluster`;
}

function unheardText(members: readonly NodeId[]): string {
  return `${members.join(', ')} has not said yet which version it reads; try again in a few seconds`;
}
