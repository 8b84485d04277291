/**
 * A replica that follows by place and its source change places. The source stands still with all applied: its own place is the
 * place of the replica above, and the end of its log is where the replica comes to stand. While both stand there everything
 * can be put back exactly, so the source is pointed at the replica first, which writes nothing; and only when it follows does
 * the replica go up, with which all begin to move.
 */
import { logOf, minus, onlyPlace, placesIn, unionOf } from '../progress/gtids.js';
import { binlogPositionText } from '../../topology/binlog-position.js';
import { logMarkText } from '../../topology/log-marks.js';
import type { ServerId } from '../../topology/server.js';
import type { BinlogPosition } from '../../topology/vitals.js';
import type { MoveTerms } from '../requests/movement.js';
import { standingOf } from '../patience.js';
import type { Recovery } from '../recovery.js';
import type { Beginning, Step, StepFindings } from '../step.js';
import { goesOnByItself } from '../ways-back/left-by-moves.js';
import { closing, nameOf, type Next, pendingOf, steps } from './next.js';

const HOP = 'swap';

type Pointing = Extract<Step, { kind: 'repoint' }> & { readonly begin: Beginning };

interface Places {
  readonly above: ServerId;
  readonly source: ServerId;
  readonly replica: ServerId;
  /** The source's in the log above it. */
  readonly place: string;
  readonly at: BinlogPosition;
  /** The ends of the logs of the source and of the replica. */
  readonly sourceEnd: BinlogPosition;
  readonly replicaEnd: BinlogPosition;
}

export function swapPlaces(recovery: Recovery, { moves }: Pick<MoveTerms, 'moves'>): Next {
  const [first, second] = moves;
  if (first === undefined || second === undefined) {
    return closing({ kind: 'undone', reason: 'its record does not say who changes places' });
  }
  const [replica, source, above] = [first.server, second.server, first.to];
  const read = pendingOf(recovery, [lookAt(source), lookAt(replica)]);
  if (read.length > 0) return steps(read);
  const objection = objectionOf(recovery, source, replica);
  if (objection !== null) return closing({ kind: 'undone', reason: objection });
  const ready = readiness(recovery, source, replica);
  if (ready !== null) return ready;
  return standStill(recovery, replica, source, above);
}

function objectionOf(recovery: Recovery, source: ServerId, replica: ServerId): string | null {
  for (const server of [source, replica]) {
    const look = standingOf(recovery, lookAt(server));
    if (look.kind === 'given-up') return look.error;
    if (look.kind === 'done' && look.findings.applierError !== undefined) return look.findings.applierError;
  }
  return null;
}

/** A replica that lags is waited for while both replicate. */
function readiness(recovery: Recovery, source: ServerId, replica: ServerId): Next | null {
  const { ownEnd } = foundBy(recovery, lookAt(source));
  if (ownEnd === undefined) return closing({ kind: 'undone', reason: 'the source has no binary log' });
  const wait = awaitOf(recovery, replica, logMarkText(ownEnd, logOf(source)));
  const standing = standingOf(recovery, wait);
  if (standing.kind === 'pending') return steps([wait]);
  return standing.kind === 'done' ? null : closing({ kind: 'undone', reason: standing.error });
}

function standStill(recovery: Recovery, replica: ServerId, source: ServerId, above: ServerId): Next {
  const stop: Step = { kind: 'stop-io', server: source, hop: HOP };
  const stopped = standingOf(recovery, stop);
  if (stopped.kind === 'pending') return steps([stop]);
  if (stopped.kind === 'given-up') return goOn(recovery, source, stopped.error);
  const { executedGtids = '', receivedGtids = '' } = stopped.findings;
  const drain = awaitOf(recovery, source, unionOf(executedGtids, receivedGtids));
  const drained = standingOf(recovery, drain);
  if (drained.kind === 'pending') return steps([drain]);
  if (drained.kind === 'given-up') return goOn(recovery, source, drained.error);
  const place = placesIn(drained.findings.executedGtids ?? '');
  const [at, sourceEnd] = [onlyPlace(place), drained.findings.ownEnd];
  if (at === null || sourceEnd === undefined) return goOn(recovery, source, 'it is not known where the source stands');
  const level = awaitOf(recovery, replica, logMarkText(sourceEnd, logOf(source)), `${HOP} level`);
  const reached = standingOf(recovery, level);
  if (reached.kind === 'pending') return steps([level]);
  if (reached.kind === 'given-up') return goOn(recovery, source, reached.error);
  const replicaEnd = reached.findings.ownEnd;
  if (replicaEnd === undefined) return goOn(recovery, source, 'the replica has no binary log');
  const stray = minus(placesIn(reached.findings.executedGtids ?? ''), logMarkText(sourceEnd, logOf(source)));
  if (stray !== '') return goOn(recovery, source, `the source was written to while it stood still: ${stray}`);
  return change(recovery, { above, source, replica, place, at, sourceEnd, replicaEnd });
}

function change(recovery: Recovery, places: Places): Next {
  const { above, source, replica, place, at, sourceEnd, replicaEnd } = places;
  const below = pointAt(source, replica, { at: replicaEnd, after: place });
  const lowered = standingOf(recovery, below);
  if (lowered.kind === 'pending') return steps([below]);
  const back = pointAt(source, above, { at, after: logMarkText(replicaEnd, logOf(replica)) });
  if (lowered.kind === 'given-up') return putBack(recovery, [back], lowered.error);
  const up = pointAt(replica, above, { at, after: logMarkText(sourceEnd, logOf(source)) });
  const raised = standingOf(recovery, up);
  if (raised.kind === 'pending') return steps([up]);
  if (raised.kind === 'done') return closing({ kind: 'succeeded' });
  return putBack(recovery, [pointAt(replica, source, { at: sourceEnd, after: place }), back], raised.error);
}

function lookAt(server: ServerId): Step {
  return { kind: 'look', server, hop: HOP };
}

function awaitOf({ inputs }: Recovery, server: ServerId, gtids: string, hop = HOP): Step {
  return { kind: 'await-applied', server, gtids, limitMs: inputs.applyLimitMs, hop };
}

function pointAt(server: ServerId, source: ServerId, begin: Beginning): Pointing {
  return { kind: 'repoint', server, source, start: true, begin };
}

function putBack(recovery: Recovery, way: readonly Pointing[], why: string): Next {
  for (const [at, step] of way.entries()) {
    const standing = standingOf(recovery, step);
    if (standing.kind === 'pending') return steps([step]);
    if (standing.kind === 'given-up') {
      const rest = byHand(recovery, way.slice(at));
      return ended(step.server, `${why}; and it could not be put back: ${standing.error}; ${rest}`);
    }
  }
  const [last] = way;
  return closing(
    { kind: 'undone', reason: why },
    last === undefined ? [] : [{ server: last.server, reason: why, gtids: '' }],
  );
}

/** What is left to do, with the places that are known here and nowhere else. */
function byHand(recovery: Recovery, way: readonly Pointing[]): string {
  const orders = way.map(
    ({ server, source, begin }) =>
      `point ${nameOf(recovery, server)} at ${nameOf(recovery, source)} from ${binlogPositionText(begin.at)} on, if it stands at ${begin.after}, and start it`,
  );
  return `mend that, then where it is not so already: ${orders.join('; then ')}`;
}

/** The source goes on where it was; nobody's source was changed. */
function goOn(recovery: Recovery, source: ServerId, why: string): Next {
  const start: Step = { kind: 'start-replica', server: source, hop: HOP };
  const standing = standingOf(recovery, start);
  if (standing.kind === 'pending') return steps([start]);
  if (standing.kind === 'given-up') {
    const next = goesOnByItself(recovery, source)
      ? 'it is started by itself when it answers again'
      : `mend that, then: orchestrator-client -c start-replica -i ${nameOf(recovery, source)}`;
    return ended(source, `${why}; and it was not started again: ${standing.error}; ${next}`);
  }
  return closing({ kind: 'undone', reason: why }, [{ server: source, reason: why, gtids: '' }]);
}

function ended(server: ServerId, reason: string): Next {
  return closing({ kind: 'failed', reason }, [{ server, reason, gtids: '' }]);
}

function foundBy(recovery: Recovery, step: Step): StepFindings {
  const standing = standingOf(recovery, step);
  return standing.kind === 'done' ? standing.findings : {};
}
