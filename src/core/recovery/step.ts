/**
 * What a plan is made of. A step is data: it can be committed, shown, run dry, and run again by another leader. Each
 * kind says what happens when it is run a second time (SAFETY.md, "Steps, re-run and undone").
 */
import type { ServerId } from '../topology/server.js';
import type { BinlogPosition } from '../topology/vitals.js';
import type { HookList } from './telling/hook-terms.js';
import type { SwitchAction } from './requests/switch-action.js';

export type Step =
  /**
   * Reads the state under the barrier; nothing is changed. `again`: a second look in one plan. `acknowledgers`: those are
   * counted too. Again: reads again.
   */
  | {
      readonly kind: 'look';
      readonly server: ServerId;
      readonly again?: true;
      readonly acknowledgers?: true;
      readonly hop?: Hop;
    }
  /**
   * Stops IO threads only, then reads received and executed sets. `again`: a second time in one plan, after it was started.
   * Again: look at the state.
   */
  | { readonly kind: 'stop-io'; readonly server: ServerId; readonly again?: true; readonly hop?: Hop }
  /** Waits until the server has applied `gtids`; an applier that stands still without an error is started. */
  | {
      readonly kind: 'await-applied';
      readonly server: ServerId;
      readonly gtids: string;
      readonly limitMs: number;
      readonly hop?: Hop;
    }
  /**
   * By place: fetches again and applies up to `until`, a place in the log of its source, and not beyond; there its applier
   * stands. Again: looks whether it is there.
   */
  | {
      readonly kind: 'run-until';
      readonly server: ServerId;
      readonly until: string;
      readonly limitMs: number;
      readonly hop: Hop;
    }
  /** Waits until a replica that follows the primary has received `gtids`, applied or not; one that lost its link tries anew. */
  | { readonly kind: 'await-received'; readonly server: ServerId; readonly gtids: string; readonly limitMs: number }
  /** Points a replica elsewhere with its relay log kept or applied, then starts it. Again: skipped if it is already so. */
  | {
      readonly kind: 'repoint';
      readonly server: ServerId;
      readonly source: ServerId;
      readonly start: boolean;
      /** By place alone. */
      readonly begin?: Beginning;
      /** It stays with its own source: one that follows by place goes on by place, even where it could follow by GTID. */
      readonly asItFollows?: true;
      readonly rests?: Resting;
    }
  /**
   * Without GTID: looks in the log of `source`, up to `until`, for the end of what `server` has applied. `seen`: where their
   * logs stood when they were last looked at, from where on they are searched when they are long. Again: searches again.
   */
  | {
      readonly kind: 'locate';
      readonly server: ServerId;
      readonly source: ServerId;
      readonly until: BinlogPosition;
      readonly seen: { readonly server: BinlogPosition | null; readonly source: BinlogPosition | null };
    }
  /** Commits Promoting(server, epoch). The point of no return. It touches no server. */
  | { readonly kind: 'promise-promotion'; readonly server: ServerId; readonly epoch: number }
  /**
   * RESET REPLICA ALL on the new primary; only after Promoting; harmless to repeat. `fellow`: a replica that has nothing that
   * the server lacks, to be followed for a moment should that be what makes its applier give up half a transaction.
   */
  | { readonly kind: 'detach'; readonly server: ServerId; readonly fellow?: ServerId }
  /**
   * read_only = 0; only if the committed epoch makes this server the primary. Semi-sync, where the former primary had it,
   * is on before: a write that is acknowledged in between would be on one server alone. Again: looks at the state.
   */
  | { readonly kind: 'open'; readonly server: ServerId; readonly epoch: number; readonly semiSync: SemiSyncDuty | null }
  /** Closes a live primary for a planned takeover, reads the flags back, then its last GTIDs. */
  | { readonly kind: 'close'; readonly server: ServerId; readonly limitMs: number }
  /**
   * Fences a former primary: no client session left, all flags read back. Returns its executed set; of one without GTID
   * the place `since` in its own log where nothing was written after it, or else the end of that log.
   */
  | { readonly kind: 'fence'; readonly server: ServerId; readonly since?: string }
  /** Makes a replica acknowledge to its source, or not; its IO thread is restarted for it. Again: skipped if it is so and the thread runs. */
  | { readonly kind: 'acknowledge'; readonly server: ServerId; readonly on: boolean }
  /**
   * Writes something harmless into the binary log of a primary whose commits wait for an acknowledgement: a replica that
   * begins to acknowledge says nothing of what it received before, and by GTID nothing of that is sent again, so that they
   * would wait until somebody else commits (seen on 9.7). Again: looks whether anybody waits.
   */
  | { readonly kind: 'release'; readonly server: ServerId }
  /** Starts its replication, wherever it leads; nothing for a server that follows nobody. Again: skipped if it runs. */
  | { readonly kind: 'start-replica'; readonly server: ServerId; readonly hop?: Hop; readonly rests?: Resting }
  /** STOP and START of the IO thread, to learn whether the source still speaks; of one canary, once per incident. */
  | { readonly kind: 'restart-io'; readonly server: ServerId }
  /** Stops fetching and puts `//` before the host of its source, so that it cannot go on there. Again: skipped if it is so. */
  | { readonly kind: 'sever'; readonly server: ServerId }
  /** Takes the `//` away that `sever` put there, and starts. Again: skipped if it is not there. */
  | { readonly kind: 'reattach'; readonly server: ServerId }
  /** Commits an empty transaction under each of the GTIDs that the server lacks. Again: those that it lacks still. */
  | { readonly kind: 'inject-empty'; readonly server: ServerId; readonly gtids: string }
  /** Copies the binary logs that hold the GTIDs to the node that leads. Again: copies them anew. */
  | { readonly kind: 'keep-binary-logs'; readonly server: ServerId; readonly gtids: string }
  /**
   * Empties the binary logs and writes `gtids` as the set that is known. Refused if the server has anything but those and
   * `drops`, or a replica. Again: goes on where it stood, which the server's own set says.
   */
  | { readonly kind: 'reset-gtids'; readonly server: ServerId; readonly gtids: string; readonly drops: string }
  /** Sees to it that the server can be copied, or can receive a copy: the plugin is there and the right to use it. */
  | { readonly kind: 'prepare-clone'; readonly server: ServerId }
  /**
   * Replaces all data of `server` by a copy of `source`'s and waits until it has started with it, closed. Again: waits for
   * the copy that is under way, or takes the one that has ended; it is the first that was begun after `lastCopy`.
   */
  | { readonly kind: 'clone'; readonly server: ServerId; readonly source: ServerId; readonly lastCopy: string }
  /**
   * Runs the operator's commands of one list on the leader; `server` is the one that the recovery is about and is not
   * touched. Again: all of them once more, with the number of the attempt and the id of the recovery in their environment.
   */
  | { readonly kind: 'hooks'; readonly server: ServerId; readonly list: HookList }
  /** Waits, not long, until the key-value stores name this primary. Again: looks at the stores. */
  | { readonly kind: 'publish'; readonly server: ServerId }
  /** What an operator asked for on this one server. Again: looks at the state. */
  | { readonly kind: 'switch'; readonly server: ServerId; readonly action: SwitchAction };

/**
 * Where a replica that follows by place begins in the log of its new source, and where it must stand for that to be right;
 * `after` is '' where that does not matter, because all that lies before is its own.
 */
export interface Beginning {
  readonly at: BinlogPosition;
  readonly after: string;
}

/**
 * By place, one plan asks a server for the same more than once: the hop of a way, or that the primary was closed before. Where
 * a server stands in its source's log and where its own log stands are told then, whatever else it counts by.
 */
export type Hop = string;

/** Somebody had stopped this thread of a replica and not the other: it is left stopped when the other is started. */
export type Resting = 'io' | 'sql';

/** What a primary asked of its replicas before it acknowledged a write, and how many there are to ask. */
export interface SemiSyncDuty {
  readonly timeoutMs: number;
  readonly waitCount: number;
  /** Replicas that can acknowledge once one of them is the primary. */
  readonly ackers: number;
}

/** Of the ways back of one server: what is never done on behalf of a failover. */
export type ReturnStep = Extract<
  Step,
  { kind: 'sever' | 'inject-empty' | 'keep-binary-logs' | 'reset-gtids' | 'prepare-clone' | 'clone' }
>;

export type StepKind = Step['kind'];

/** A step as it is committed before it is taken. A step that is run again keeps its number; the attempts are counted. */
export interface NumberedStep {
  readonly number: number;
  readonly attempt: number;
  readonly step: Step;
}

/**
 * Why a step failed, for the playbooks.
 * unreachable: no connection, or it was lost on the way. not-admitted: the server answered and let us not in (too many
 * connections, a wrong password), so it lives. barrier: the server's lock could not be had, or was lost. late:
 * the server itself refused, its deadline had passed; certainly not done. statement: MySQL said no. limit: waited in vain.
 * state: the server is not in a state in which the step may be taken. replaced: another server answers at its address, so
 * nothing was done, and whatever this one had is gone. hook: an operator's command failed or was ended. authority: this node lost its right to act; this one
 * is never committed, because the step is not finished: the next leader takes it up.
 */
export type StepFailure =
  | 'unreachable'
  | 'not-admitted'
  | 'barrier'
  | 'late'
  | 'statement'
  | 'limit'
  | 'state'
  | 'replaced'
  | 'hook'
  | 'authority';

/** What the step found or why it failed; the numbers and sets that later steps rest on are in `findings`. */
export type StepOutcome =
  | { readonly ok: true; readonly findings: StepFindings }
  | {
      readonly ok: false;
      readonly code: StepFailure;
      readonly error: string;
      readonly retriable: boolean;
      /** As in the findings. */
      readonly lines?: readonly string[];
    };

/** How far a server has come is told as in gtids.ts: sets, MariaDB's writers, or places in the log of its source. */
export interface StepFindings {
  readonly executedGtids?: string;
  /**
   * Of a primary that takes writes: what it is committing. With semi-sync a replica has such a transaction before the
   * primary counts it as executed, and nobody but the primary wrote it. Absent when nothing is.
   */
  readonly committingGtids?: string;
  /** What the default channel has fetched; '' for a server that is no replica. */
  readonly receivedGtids?: string;
  /** What the binary logs no longer hold: nobody can fetch it from here. */
  readonly purgedGtids?: string;
  /** Without GTID alone: where its own binary log stood when it had executed that. */
  readonly ownEnd?: BinlogPosition;
  /** Without GTID alone: where it would go on in the log of another server. */
  readonly place?: BinlogPosition;
  readonly readOnly?: boolean;
  /** How many replicas acknowledge to it now; absent where that was not asked. */
  readonly acknowledgers?: number;
  /** Why it could not be opened for writes, tried by a change that changes nothing; absent when it could, or is open. */
  readonly openError?: string;
  /** Why the applier will not get on by itself: its error; absent when it runs or would if it were started. */
  readonly applierError?: string;
  /** `file:position` at which the server's own binary log stood when it was opened. */
  readonly binaryLog?: string;
  /** Until it was fenced, every commit of it waited for a replica's acknowledgement, without end. */
  readonly waitedForAcks?: boolean;
  /** When the last copy of another server was begun here, in its own words; '' when there was none. */
  readonly lastCopy?: string;
  /** What its applier fails at: a GTID, or a place in the log of its source. */
  readonly failure?: string;
  /** A digest of what a connection runs, and of whose it is. */
  readonly query?: string;
  /** kill-query: false where there was nothing to end any more. */
  readonly ended?: false;
  /** For people: what was skipped, what was seen. */
  readonly text?: string;
  /** For people: what happened meanwhile, in order. */
  readonly lines?: readonly string[];
}
