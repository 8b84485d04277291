/**
 * An operator's change of one server: the steps that were asked for, in order, and no further than the first that fails.
 * Some of them rest on what the server says when it is looked at under its barrier: what its replication fails at, what a
 * connection runs, which transactions it alone has. So what is skipped, ended or dropped stands in the log before it is.
 *
 * When the own set of a server is compared with another's, its own is read first: what comes in between is then no
 * difference.
 */
import type { ServerId } from '../../topology/server.js';
import { channelIn } from '../channels.js';
import { gtidsIn, isNone, minus } from '../progress/gtids.js';
import { standingOf } from '../patience.js';
import { recordOf } from '../record.js';
import type { Recovery } from '../recovery.js';
import { hasHere } from '../progress/share.js';
import type { Step, StepFindings } from '../step.js';
import type { SwitchCommand, SwitchTerms } from '../requests/switching.js';
import { tooMany } from './inject-empty.js';
import { closing, type Next, nameOf, participantOf, steps } from './next.js';

/** Known so far; more may follow from what these find. `objection`: they have shown why the rest is not done. */
interface Way {
  readonly steps: readonly Step[];
  readonly objection?: string;
}

type Read = (step: Step) => StepFindings | null;
type Reading = (recovery: Recovery, terms: SwitchTerms, found: Read) => Way;

const READINGS: { readonly [K in SwitchCommand]?: Reading } = {
  'skip-query': skipQuery,
  'kill-query': killQuery,
  'enable-gtid': enableGtid,
  'set-writeable': setWriteable,
  'gtid-errant-reset-master': resetErrant,
  'gtid-errant-inject-empty': injectErrant,
};

export function switchServer(recovery: Recovery): Next {
  const terms = recovery.inputs.switching;
  if (terms === undefined) return closing({ kind: 'undone', reason: 'its record does not say what was asked for' });
  const found: Read = (step) => {
    const standing = standingOf(recovery, step);
    return standing.kind === 'done' ? standing.findings : null;
  };
  const way = READINGS[terms.command]?.(recovery, terms, found) ?? { steps: terms.steps };
  const there = along(recovery, way.steps);
  if (there.pending !== null) return steps([there.pending]);
  const failure = there.failure === '' ? (way.objection ?? '') : there.failure;
  const changed = way.steps.some((step) => !isLook(step) && recordOf(recovery, step) !== undefined);
  if (failure !== '' && !changed) return closing({ kind: 'undone', reason: failure });
  const back = along(recovery, terms.afterwards, true);
  if (back.pending !== null) return steps([back.pending]);
  const reason = [failure, back.failure].filter((text) => text !== '').join('; and then ');
  if (reason === '') return closing({ kind: 'succeeded' });
  // What was looked at in between speaks against the rest, and all is back as it was.
  return closing({ kind: reason === way.objection ? 'undone' : 'failed', reason });
}

/** The first that is not settled, and why one failed; after that none is taken, unless `all` are to be. */
function along(
  recovery: Recovery,
  wanted: readonly Step[],
  all = false,
): { readonly pending: Step | null; readonly failure: string } {
  const failures: string[] = [];
  for (const step of wanted) {
    const standing = standingOf(recovery, step);
    if (standing.kind === 'pending') return { pending: step, failure: '' };
    if (standing.kind === 'done') continue;
    failures.push(standing.error);
    if (!all) break;
  }
  return { pending: null, failure: failures.join('; and then ') };
}

/** Nothing is changed by it. */
function isLook(step: Step): boolean {
  return step.kind === 'look' || (step.kind === 'switch' && step.action.do.startsWith('see-'));
}

function otherThan(recovery: Recovery): ServerId {
  const other = recovery.inputs.participants.find(({ id }) => id !== recovery.failed);
  return other?.id ?? recovery.failed;
}

function skipQuery({ failed, inputs }: Recovery, terms: SwitchTerms, found: Read): Way {
  const channel = channelIn({ inputs }, failed);
  const named = channel === null ? {} : { channel };
  const see: Step = { kind: 'switch', server: failed, action: { do: 'see-failure', ...named } };
  const seen = found(see);
  if (seen === null) return { steps: [see] };
  const skip: Step = { kind: 'switch', server: failed, action: { do: 'skip', failure: seen.failure ?? '', ...named } };
  return { steps: [see, skip, ...terms.steps] };
}

function killQuery({ failed }: Recovery, terms: SwitchTerms, found: Read): Way {
  const [see] = terms.steps;
  if (see?.kind !== 'switch' || see.action.do !== 'see-query') return { steps: terms.steps };
  const seen = found(see);
  const { connection } = see.action;
  const kill = (query: string): Step => {
    return { kind: 'switch', server: failed, action: { do: 'kill-query', connection, query } };
  };
  return { steps: seen === null ? [see] : [see, kill(seen.query ?? '')] };
}

/** Nobody is told to ask for what its source has no more, nor of one that lacks what it has (invariant 12). */
function enableGtid(recovery: Recovery, terms: SwitchTerms, found: Read): Way {
  const source = otherThan(recovery);
  const own: Step = { kind: 'look', server: recovery.failed };
  const others: Step = { kind: 'look', server: source };
  const [has, itsHas] = [found(own), found(others)];
  if (has === null || itsHas === null) return { steps: [own, others] };
  const name = nameOf(recovery, source);
  const isMixed = participantOf(recovery, recovery.failed).channel !== undefined;
  // What came over other channels is nothing that this source would have to have.
  const executed = gtidsIn(isMixed ? hasHere(recovery, recovery.failed, has) : (has.executedGtids ?? ''));
  const purged = minus(itsHas.purgedGtids ?? '', executed);
  const extra = minus(executed, itsHas.executedGtids ?? '');
  const looks = [own, others];
  if (!isNone(purged)) {
    return { steps: looks, objection: `it lacks ${purged}, which ${name} has purged from its binary logs` };
  }
  if (!isNone(extra)) return { steps: looks, objection: `it has transactions that ${name} lacks: ${extra}` };
  return { steps: [...looks, ...terms.steps] };
}

/** Nobody is opened beside a primary that takes writes: it is asked itself. */
function setWriteable(recovery: Recovery, terms: SwitchTerms, found: Read): Way {
  const primary = otherThan(recovery);
  if (primary === recovery.failed) return { steps: terms.steps };
  const look: Step = { kind: 'look', server: primary };
  const seen = found(look);
  if (seen === null) return { steps: [look] };
  if (seen.readOnly === true) return { steps: [look, ...terms.steps] };
  const text = `${nameOf(recovery, primary)} is the primary and takes writes, and two of one cluster must not`;
  return { steps: [look], objection: text };
}

/** Stopped and drained first, so that its own set stands still; then its source is asked what of it is known there. */
function resetErrant(recovery: Recovery, terms: SwitchTerms, found: Read): Way {
  const server = recovery.failed;
  const [drain, shut] = terms.steps;
  if (drain === undefined) return { steps: [] };
  const source: Step = { kind: 'look', server: otherThan(recovery) };
  const [stopped, other] = [found(drain), found(source)];
  if (stopped === null || other === null) return { steps: [drain, source] };
  const executed = gtidsIn(stopped.executedGtids ?? '');
  const errant = minus(executed, other.executedGtids ?? '');
  if (isNone(errant)) return { steps: [drain, source], objection: noErrant(recovery, 'gtid-errant-reset-master') };
  return {
    steps: [
      drain,
      source,
      ...(shut === undefined ? [] : [shut]),
      { kind: 'keep-binary-logs', server, gtids: errant },
      { kind: 'reset-gtids', server, gtids: minus(executed, errant), drops: errant },
    ],
  };
}

function injectErrant(recovery: Recovery, _terms: SwitchTerms, found: Read): Way {
  const primary = otherThan(recovery);
  const own: Step = { kind: 'look', server: recovery.failed };
  const others: Step = { kind: 'look', server: primary };
  const [has, itsHas] = [found(own), found(others)];
  if (has === null || itsHas === null) return { steps: [own, others] };
  const errant = minus(gtidsIn(has.executedGtids ?? ''), itsHas.executedGtids ?? '');
  const looks = [own, others];
  if (isNone(errant)) return { steps: looks, objection: noErrant(recovery, 'gtid-errant-inject-empty') };
  const many = tooMany(errant);
  if (many !== null) return { steps: looks, objection: many };
  return { steps: [...looks, { kind: 'inject-empty', server: primary, gtids: errant }] };
}

/** What was injected, for whoever asked; '' where nothing was. */
export function injectedBy(recovery: Recovery): string {
  const record = recovery.steps.find(({ step, outcome }) => step.kind === 'inject-empty' && outcome?.ok === true);
  return record?.step.kind === 'inject-empty' ? record.step.gtids : '';
}

/** False where the connection ran nothing, or something else, by the time that its statement was to be ended. */
export function endedByKill({ steps: taken }: Recovery): boolean {
  return !taken.some(({ outcome }) => outcome?.ok === true && outcome.findings.ended === false);
}

function noErrant(recovery: Recovery, command: SwitchCommand): string {
  const { host, port } = participantOf(recovery, recovery.failed);
  return `${command} will not operate on ${host}:${String(port)} because no errant GTID is found`;
}
