/**
 * What the loops need of MySQL. Two doors: a prober that only reads and never throws, and sessions that change a server
 * under the rules of SAFETY.md, "Fencing a former leader".
 */
import type { NodeVote } from '../../core/analysis/vote.js';
import type { Step, StepOutcome } from '../../core/recovery/step.js';
import type { Address } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { ClusterId, ServerId } from '../../core/topology/server.js';

export interface Prober {
  /** Reads everything over a kept connection; opens one if there is none. Resolves by `timeoutMs`, never rejects. */
  probe(address: Address, timeoutMs: number): Promise<ProbeResult>;
  /** One fresh connection, up to the server's first word: the vote of this node on "is it there?". Never rejects. */
  knock(address: Address, timeoutMs: number): Promise<{ readonly vote: NodeVote; readonly detail: string }>;
  /** Called when a kept connection to a server ends without our doing. It starts a check and proves nothing. */
  onConnectionLost(listener: (address: Address, reason: string) => void): void;
  /** Closes the kept connection, if any. */
  release(address: Address): void;
  close(): Promise<void>;
}

/** The leader's right to change servers; asked anew before every statement. */
export interface Authority {
  readonly term: number;
  /** A fresh proof of quorum: a valid lease, or a ReadIndex round. Rejects with `NotLeader` or `NoQuorum`. */
  confirm(): Promise<void>;
  /** Called in the same turn in which a statement is written to the socket; throws `LeaseLapsed` if the lease has ended. */
  assertLease(): void;
}

export interface SessionOptions {
  /** Who is to be changed; whoever else answers at the address is left alone. */
  readonly server: ServerId;
  readonly address: Address;
  readonly clusterId: ClusterId;
  readonly authority: Authority;
  /** For the connection, up to the login, milliseconds. */
  readonly timeoutMs: number;
  /** For the barrier: as long as a killed statement of its last holder may take to end, milliseconds. */
  readonly barrierTimeoutMs: number;
  /** Ends an opening that is under way; nothing is sent from that turn on. */
  readonly signal?: AbortSignal;
}

/** Where the executor finds the other servers that a step names. */
export interface StepContext {
  readonly address: Address;
  /** The address of `source`, or of `fellow`, in the step; null when the step names no other server. */
  readonly other: Address | null;
  /** Of a server with several channels, the one that the step is about; absent: the default one, or the only one. */
  readonly channel?: string;
  /** Other servers of the cluster that replicate: one that has no source yet learns from them how to log in. */
  readonly siblings: readonly Address[];
  /** Their cluster: the one that the step's channel comes from, where it is not that of the plan. */
  readonly lender?: ClusterId;
  /** Who is known at an address: a replica that has not reached its source knows by that alone whose log it reads. */
  readonly serverAt?: (address: Address) => ServerId | null;
  /** How far a long step has come, for people; a sentence now and then. */
  tell?(text: string): void;
}

/**
 * One connection to one server for one plan, holding the server's barrier lock; it never reconnects. When it ends, the
 * plan opens a new one, which takes the barrier again.
 */
export interface ServerSession {
  /** Never rejects: what went wrong is in the outcome, with server, statement and next step named. */
  execute(step: Step, context: StepContext): Promise<StepOutcome>;
  readonly alive: boolean;
  close(): Promise<void>;
}

export interface SessionOpener {
  /**
   * Connects, makes sure that it is the server meant (`MYSQL_REPLACED` if not), kills the holder of the barrier lock, and
   * waits until it holds the lock itself. Rejects with an OperationalError.
   */
  open(options: SessionOptions): Promise<ServerSession>;
}
