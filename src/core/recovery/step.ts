/**
 * What a plan is made of. A step is data: it can be committed, shown, run dry, and run again by another leader. Each
 * kind says what happens when it is run a second time (SAFETY.md, "Steps, re-run and undone").
 */
import type { ServerId } from '../topology/server.js';

export type Step =
  /** Stops IO threads only, then reads received and executed sets. Again: look at the state. */
  | { readonly kind: 'stop-io'; readonly server: ServerId }
  /** Waits until the server has applied `gtids`; nothing is changed. */
  | { readonly kind: 'await-applied'; readonly server: ServerId; readonly gtids: string; readonly limitMs: number }
  /** Points a replica elsewhere with the applier running, then starts it. Again: skipped if host, port, auto-position are already so. */
  | { readonly kind: 'repoint'; readonly server: ServerId; readonly source: ServerId; readonly start: boolean }
  /** Commits Promoting(server, epoch). The point of no return. */
  | { readonly kind: 'promise-promotion'; readonly server: ServerId; readonly epoch: number }
  /** RESET REPLICA ALL on the new primary; only after Promoting; harmless to repeat. */
  | { readonly kind: 'detach'; readonly server: ServerId }
  /** read_only = 0; only if the Promoting epoch is ours. */
  | { readonly kind: 'open'; readonly server: ServerId; readonly epoch: number }
  /** Closes a live primary for a planned takeover and reads its last GTIDs. */
  | { readonly kind: 'close'; readonly server: ServerId }
  /** Fences a former primary: no client session left, read_only and super_read_only read back. Returns its executed set. */
  | { readonly kind: 'fence'; readonly server: ServerId }
  /** Compares a fenced former primary with the new one: what does it have that the new one lacks? */
  | { readonly kind: 'compare'; readonly server: ServerId; readonly with: ServerId };

export type StepKind = Step['kind'];

/** What the step found or why it failed; the numbers and sets that later steps rest on are in `findings`. */
export type StepOutcome =
  | { readonly ok: true; readonly findings: StepFindings }
  | { readonly ok: false; readonly error: string; readonly retriable: boolean };

export interface StepFindings {
  readonly executedGtids?: string;
  readonly receivedGtids?: string;
  /** compare: what the former primary has and the new one lacks; '' when nothing. */
  readonly extraGtids?: string;
  readonly text?: string;
}
