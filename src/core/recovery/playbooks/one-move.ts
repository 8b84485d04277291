/**
 * The way of one server to another source, as far as the record of its plan says: what speaks against it before anything is
 * changed, the steps in between, and the way back when one of them fails.
 */
import { isNone, minus } from '../progress/gtids.js';
import type { Movement } from '../requests/movement.js';
import { standingOf } from '../patience.js';
import { hasHere } from '../progress/share.js';
import { recordOf } from '../record.js';
import type { LostServer, Recovery } from '../recovery.js';
import type { Step, StepFindings } from '../step.js';
import { nameOf, participantOf } from './next.js';
import { standingOfWait, type Wait } from './waits.js';
import type { ServerId } from '../../topology/server.js';

/** `failed` says what became of its server, too. */
export type Progress =
  | { readonly kind: 'steps'; readonly steps: readonly Step[]; readonly begun: boolean }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly lost: LostServer; readonly isPutBack: boolean };

type Repoint = Extract<Step, { kind: 'repoint' }>;

export function lookAt(server: ServerId): Step {
  return { kind: 'look', server };
}

/** The whole way of one server, as far as the record says. */
export function progressOf(recovery: Recovery, move: Movement): Progress {
  const { server, to, from } = move;
  const point = pointAt(recovery, server, to);
  if (to === from) return stayed(recovery, move, stayAt(recovery, server, to));
  const begun = recordOf(recovery, { kind: 'stop-io', server }) !== undefined;
  const objection = begun ? null : objectionTo(recovery, move);
  if (objection !== null) return failed(server, objection.reason, objection.gtids, true);
  if (!begun) {
    const ahead = coming(recovery, move);
    if (ahead.kind !== 'level') return ahead;
    return { kind: 'steps', steps: [{ kind: 'stop-io', server }], begun: false };
  }
  const stopped = standingOf(recovery, { kind: 'stop-io', server });
  if (stopped.kind === 'pending') return { kind: 'steps', steps: [{ kind: 'stop-io', server }], begun: true };
  if (stopped.kind === 'given-up') return putBack(recovery, move, stopped.error, false);
  const behind = lastOfIt(recovery, move, stopped.findings);
  if (behind !== null) return behind;
  const pointed = standingOf(recovery, point);
  if (pointed.kind === 'pending') return { kind: 'steps', steps: [point], begun: true };
  if (pointed.kind === 'given-up') return putBack(recovery, move, pointed.error, true);
  return { kind: 'done' };
}

/** What came between the first look and the stop is applied by the place as well, or it is put back. Null: it is level. */
function lastOfIt(recovery: Recovery, move: Movement, found: StepFindings): Progress | null {
  const { server, to } = move;
  const lacking = minus(hasHere(recovery, server, found), executedAt(recovery, to));
  if (isNone(lacking)) return null;
  if (!keepsUp(recovery, to)) return putBack(recovery, move, standsBehind(recovery, to, lacking), false);
  const wait = awaitOf(recovery, to, lacking);
  const standing = standingOfWait(recovery, wait);
  if (standing.kind === 'pending') return { kind: 'steps', steps: [wait], begun: true };
  return standing.kind === 'given-up' ? putBack(recovery, move, standing.error, false) : null;
}

/** It stays with its source, whose name alone may be another: one step, and there is nothing to undo. */
export function stayed(recovery: Recovery, { server }: Movement, only: Step): Progress {
  const standing = standingOf(recovery, only);
  if (standing.kind === 'pending') {
    return { kind: 'steps', steps: [only], begun: recordOf(recovery, only) !== undefined };
  }
  return standing.kind === 'done' ? { kind: 'done' } : failed(server, standing.error, '', false);
}

/** By what was read before anything was changed; null when nothing speaks against it. */
export function objectionTo(recovery: Recovery, { server, to }: Movement) {
  const own = standingOf(recovery, lookAt(server));
  const place = standingOf(recovery, lookAt(to));
  if (own.kind === 'given-up') return { reason: own.error, gtids: '' };
  if (place.kind === 'given-up') return { reason: place.error, gtids: '' };
  if (own.kind !== 'done' || place.kind !== 'done') return null;
  const name = nameOf(recovery, to);
  const has = hasHere(recovery, server, own.findings);
  const lacking = minus(has, place.findings.executedGtids ?? '');
  const extra = minus(lacking, primaryHas(recovery));
  if (!isNone(extra)) return { reason: `it has transactions that ${name} lacks: ${extra}`, gtids: extra };
  const held = heldBack(recovery, server, own.findings);
  if (held !== null) return { reason: held, gtids: '' };
  const gone = minus(place.findings.purgedGtids ?? '', has);
  if (!isNone(gone)) return { reason: `it lacks ${gone}, which ${name} has purged from its binary logs`, gtids: '' };
  const error = own.findings.applierError;
  if (error !== undefined) return { reason: `its applier cannot go on: ${error}`, gtids: '' };
  if (!isNone(lacking) && !keepsUp(recovery, to)) return { reason: standsBehind(recovery, to, lacking), gtids: '' };
  return null;
}

/** What somebody keeps from being applied is neither applied for a move, nor thrown away by it. */
function heldBack(recovery: Recovery, server: ServerId, { executedGtids = '', receivedGtids = '' }: StepFindings) {
  if (participantOf(recovery, server).rests !== 'sql') return null;
  const held = minus(receivedGtids, executedGtids);
  const mend = `start it first: orchestrator-client -c start-replica -i ${nameOf(recovery, server)}`;
  return isNone(held) ? null : `its applier was stopped by somebody and has yet to apply ${held}: ${mend}`;
}

/** What the others have comes to it by itself. */
function keepsUp(recovery: Recovery, server: ServerId): boolean {
  const { start, rests } = participantOf(recovery, server);
  return start && rests === undefined;
}

function standsBehind(recovery: Recovery, server: ServerId, lacking: string): string {
  return `${nameOf(recovery, server)} is behind it by ${lacking}, and its replication does not run`;
}

/** All that the cluster has, by its primary's word; '' where that was not asked. */
function primaryHas(recovery: Recovery): string {
  const primary = recovery.inputs.participants.find(({ role }) => role === 'primary');
  return primary === undefined ? '' : executedAt(recovery, primary.id);
}

/** The place applies what comes while everybody still replicates: the wait without a source is short then. */
function coming(recovery: Recovery, { server, to }: Movement): Progress | { readonly kind: 'level' } {
  const own = standingOf(recovery, lookAt(server));
  const lacking = own.kind === 'done' ? minus(hasHere(recovery, server, own.findings), executedAt(recovery, to)) : '';
  if (isNone(lacking)) return { kind: 'level' };
  const wait = awaitOf(recovery, to, lacking);
  const standing = standingOfWait(recovery, wait);
  if (standing.kind === 'pending') return { kind: 'steps', steps: [wait], begun: false };
  if (standing.kind === 'done') return { kind: 'level' };
  return failed(server, standing.error, '', true);
}

/**
 * Where it was. One that may have been with the new source by then has perhaps fetched what its old one has yet to apply.
 * Null `from`: nobody knows where that would be.
 */
export function putBack(
  recovery: Recovery,
  { server, from }: Movement,
  why: string,
  mayHaveFetched: boolean,
): Progress {
  if (from === null) return failed(server, `${why}; and it is left as it is`, '', false);
  const way: Step[] = [];
  if (mayHaveFetched) {
    const stop: Step = { kind: 'stop-io', server, again: true };
    const stopped = standingOf(recovery, stop);
    if (stopped.kind === 'pending') return { kind: 'steps', steps: [stop], begun: true };
    if (stopped.kind === 'given-up') return stuck(server, why, stopped.error);
    const lacking = minus(hasHere(recovery, server, stopped.findings), executedAt(recovery, from));
    if (!isNone(lacking)) way.push(awaitOf(recovery, from, lacking));
  }
  way.push(stayAt(recovery, server, from));
  for (const step of way) {
    const standing = standingOf(recovery, step);
    if (standing.kind === 'pending') return { kind: 'steps', steps: [step], begun: true };
    if (standing.kind === 'given-up') return stuck(server, why, standing.error);
  }
  return failed(server, why, '', true);
}

function stuck(server: ServerId, why: string, error: string): Progress {
  return failed(server, `${why}; and it could not be put back: ${error}`, '', false);
}

export function failed(server: ServerId, reason: string, gtids: string, isPutBack: boolean): Progress {
  return { kind: 'failed', lost: { server, reason, gtids }, isPutBack };
}

export function pointAt(recovery: Recovery, server: ServerId, source: ServerId): Repoint {
  const { start, rests } = participantOf(recovery, server);
  return { kind: 'repoint', server, source, start, ...(rests === undefined ? {} : { rests }) };
}

/** With the source that it had when the plan began. */
export function stayAt(recovery: Recovery, server: ServerId, source: ServerId): Step {
  return { ...pointAt(recovery, server, source), asItFollows: true };
}

export function awaitOf(recovery: Recovery, server: ServerId, gtids: string): Wait {
  return { kind: 'await-applied', server, gtids, limitMs: recovery.inputs.applyLimitMs };
}

/** As it was read before the first change; '' where it was not, or did not answer. */
export function executedAt(recovery: Recovery, server: ServerId): string {
  const standing = standingOf(recovery, lookAt(server));
  return standing.kind === 'done' ? (standing.findings.executedGtids ?? '') : '';
}
