/**
 * What is to be done next about an open recovery? Answered from its committed record alone, so that a new leader goes on
 * where the old one stood: the same record gives the same answer on every node and in every term. A step whose intent was
 * committed and whose outcome was not is taken again; every step can be (step.ts says how).
 */
import { assert } from '../base/assert.js';
import type { ServerId } from '../topology/server.js';
import { deadPrimary } from './playbooks/dead-primary.js';
import { formerPrimary } from './playbooks/former-primary.js';
import { gracefulTakeover } from './playbooks/graceful-takeover.js';
import { move } from './playbooks/move.js';
import { orphans } from './playbooks/orphans.js';
import { readOnlyPrimary } from './playbooks/read-only-primary.js';
import { semiSync } from './playbooks/semi-sync.js';
import { switchServer } from './playbooks/switch.js';
import { injectEmpty } from './playbooks/inject-empty.js';
import { lostReplica } from './playbooks/lost-replica.js';
import { rebuild } from './playbooks/rebuild.js';
import { resetGtids } from './playbooks/reset-gtids.js';
import type { Closing, Next, Playbook } from './playbooks/next.js';
import { type Driving, lookAtTheDead } from './playbooks/signs-of-life.js';
import { recordOf, stepKey } from './record.js';
import type { Recovery, RecoveryKind } from './recovery.js';
import type { NumberedStep, Step } from './step.js';

/** One promotion takes three entries: the intent, the promise itself, the outcome; `number` is the step's. */
export interface Promise {
  readonly kind: 'promise';
  readonly step: NumberedStep;
  readonly server: ServerId;
  readonly epoch: number;
}

export type Decision =
  /** Commit the intents of all, then take them: those of one server in this order, servers beside each other. */
  | { readonly kind: 'run'; readonly steps: readonly NumberedStep[] }
  | Promise
  /** Steps are under way. */
  | { readonly kind: 'wait' }
  | Closing;

const PLAYBOOKS: Readonly<Record<RecoveryKind, Playbook>> = {
  'dead-primary': deadPrimary,
  'dead-co-primary': deadPrimary,
  'graceful-takeover': gracefulTakeover,
  'former-primary': formerPrimary,
  'dead-intermediate': orphans,
  'dead-group-member': orphans,
  'read-only-primary': readOnlyPrimary,
  'semi-sync': semiSync,
  'lost-replica': lostReplica,
  'inject-empty': injectEmpty,
  'reset-gtids': resetGtids,
  rebuild,
  move,
  switch: switchServer,
};

const NOBODY: ReadonlySet<ServerId> = new Set();

/**
 * `inFlight`: numbers of the steps that this very process is taking now. Nobody else's count: they are taken again.
 * `beside`: former primaries that answered while this recovery has the cluster. Each is fenced once, whatever the plan is at
 * the moment, because their clients believe in them; that is all that is done about them here.
 * `driving`: null where the plan is only looked ahead at.
 */
export function advance(
  recovery: Recovery,
  inFlight: ReadonlySet<number>,
  beside: ReadonlySet<ServerId> = NOBODY,
  driving: Driving | null = null,
): Decision {
  assert(recovery.closedAtMs === null, `recovery ${recovery.id} is closed: nothing follows`);
  const next = surely(recovery, PLAYBOOKS[recovery.kind](recovery), driving);
  const fences = [...beside]
    .filter((server) => isUntouched(recovery, server, inFlight))
    .map((server): Step => ({ kind: 'fence', server }));
  if (fences.length === 0) return decide(recovery, next, inFlight);
  const wanted = next.kind === 'steps' ? next.steps.filter((step) => !isAmong(step, fences)) : [];
  return decide(recovery, { kind: 'steps', steps: [...fences, ...wanted] }, inFlight);
}

/** What the plan does with a server is the plan's: a takeover closes the primary itself and points it elsewhere. */
function isUntouched(recovery: Recovery, server: ServerId, inFlight: ReadonlySet<number>): boolean {
  if (server === recovery.promotion?.server) return false;
  const own = recovery.steps.filter(({ step }) => step.server === server);
  return own.every(({ number, step, outcome }) => step.kind === 'fence' && outcome === null && !inFlight.has(number));
}

function isAmong(step: Step, others: readonly Step[]): boolean {
  return others.some((other) => stepKey(other) === stepKey(step));
}

/** Nobody is promoted for a death that may be over. */
function surely(recovery: Recovery, next: Next, driving: Driving | null): Next {
  const look = next.kind === 'promise' && driving !== null ? lookAtTheDead(recovery, driving) : null;
  return look === null ? next : { kind: 'steps', steps: [look] };
}

function decide(recovery: Recovery, next: Next, inFlight: ReadonlySet<number>): Decision {
  switch (next.kind) {
    case 'steps': {
      const steps = numbered(recovery, next.steps).filter(({ number }) => !inFlight.has(number));
      return steps.length === 0 ? { kind: 'wait' } : { kind: 'run', steps };
    }
    case 'promise': {
      const { epoch } = recovery.inputs;
      const step: Step = { kind: 'promise-promotion', server: next.server, epoch };
      const [first] = numbered(recovery, [step]);
      assert(first !== undefined, 'one step has one number');
      return { kind: 'promise', step: first, server: next.server, epoch };
    }
    case 'close':
      // Whatever is still under way ends first: its outcome belongs into the record.
      return inFlight.size > 0 ? { kind: 'wait' } : next;
  }
}

function numbered(recovery: Recovery, steps: readonly Step[]): readonly NumberedStep[] {
  let free = recovery.steps.reduce((highest, { number }) => Math.max(highest, number), 0);
  return steps.map((step) => {
    const record = recordOf(recovery, step);
    if (record !== undefined) return { number: record.number, attempt: record.attempt + 1, step };
    free += 1;
    return { number: free, attempt: 1, step };
  });
}
