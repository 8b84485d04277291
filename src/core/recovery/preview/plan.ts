/**
 * A plan that is shown before it runs: the steps in order and in words, the point of no return, who is promoted and why, who
 * is left behind, and every reason why it would not be begun. The opening is that of the request itself, and it is played
 * by the playbook that would be played, on what the servers said last.
 */
import { addressText } from '../../topology/address.js';
import type { ClusterId, Server, ServerId } from '../../topology/server.js';
import { aftermathOf } from '../telling/aftermath.js';
import { assumedOf, withOthersSeen } from './assumed.js';
import { channelIn } from '../channels.js';
import { type Belief, refusal, type Refusal, serverName } from '../belief.js';
import type { Decision } from '../decision.js';
import { whyThisOne } from '../explain/candidates.js';
import { HOOK_KEYS } from '../telling/hook-terms.js';
import type { MoveCommand } from '../requests/movement.js';
import type { SwitchCommand } from '../requests/switching.js';
import { planWarnings } from './plan-warnings.js';
import { type Preview, preview } from './preview.js';
import type { OperatorCommand, Recovery, RecoveryKind, Verdict } from '../recovery.js';
import type { Sights } from '../sights.js';
import type { Step, StepKind } from '../step.js';
import { describeStep } from '../step-text.js';

export interface PlannedStep {
  readonly number: number;
  readonly kind: StepKind;
  readonly server: ServerId;
  /** `host:port`. */
  readonly name: string;
  /** A sentence. */
  readonly text: string;
  /** With it there is no way back. */
  readonly isPointOfNoReturn: boolean;
}

export interface PlannedServer {
  readonly server: ServerId;
  readonly name: string;
  readonly role: string;
  readonly promotable: boolean;
  /** Why not; '' when it is. */
  readonly reason: string;
}

export interface RecoveryPlan {
  /** automatic: what would be done without being asked. */
  readonly command: OperatorCommand | MoveCommand | SwitchCommand | 'automatic';
  readonly clusterId: ClusterId;
  /** `host:port` of the primary; the cluster's id where none is known. */
  readonly cluster: string;
  readonly alias: string;
  /** It would be begun, and come to a good end if the servers do as they last said. */
  readonly wouldRun: boolean;
  /** Every reason why not. */
  readonly refusals: readonly Refusal[];
  /** What does not prevent it and should be known. */
  readonly warnings: readonly Refusal[];
  /** Null where no plan can be made; then there are no steps either. */
  readonly kind: RecoveryKind | null;
  readonly failed: { readonly server: ServerId; readonly name: string } | null;
  readonly servers: readonly PlannedServer[];
  /** Null: nobody is promoted. */
  readonly successor: { readonly server: ServerId; readonly name: string; readonly because: string } | null;
  readonly steps: readonly PlannedStep[];
  readonly lost: readonly {
    readonly server: ServerId;
    readonly name: string;
    readonly reason: string;
    readonly gtids: string;
  }[];
  /** The lists of the operator's commands that it would run, before and after, by their keys in the configuration. */
  readonly hooks: readonly string[];
  /** How it would end; null without a plan. */
  readonly verdict: Verdict | null;
}

export interface PlanQuestion {
  readonly belief: Belief;
  readonly sights: Sights;
  readonly command: RecoveryPlan['command'];
  readonly clusterId: ClusterId;
  /** Who was asked for by name. */
  readonly candidate: ServerId | null;
  readonly decision: Decision;
  /** The failed server is taken for dead, whatever it says. */
  readonly isDead: boolean;
  /** What the runtime adds to a recovery as it opens it: the hooks of this node. */
  readonly equipped: (recovery: Recovery) => Recovery;
}

export function planOf(question: PlanQuestion): RecoveryPlan {
  const { belief, command, clusterId, decision } = question;
  const cluster = belief.clusters.get(clusterId);
  const told = {
    command,
    clusterId,
    cluster: cluster === undefined ? clusterId : serverName(belief, cluster.primary),
    alias: cluster?.alias ?? '',
  };
  if (!decision.opening.ok) return { ...NO_PLAN, ...told, refusals: decision.refusals };
  const recovery = question.equipped(decision.opening.recovery);
  const played = rehearse(recovery, question);
  const { verdict, lost } = played.ending;
  const comesToNothing =
    verdict.kind === 'succeeded' ? [] : [refusal('plan', `it would come to nothing: ${verdict.reason}`, 'mend that')];
  const refusals = [...decision.refusals, ...comesToNothing];
  const steps = [...played.steps, ...aftermathOf({ ...played.record, verdict })];
  return {
    ...told,
    wouldRun: refusals.length === 0,
    refusals,
    warnings: planWarnings(belief, recovery),
    kind: recovery.kind,
    failed: { server: recovery.failed, name: serverName(belief, recovery.failed) },
    servers: recovery.inputs.participants.map(({ id, host, port, role, promotable, reason }) => {
      return { server: id, name: addressText({ host, port }), role, promotable, reason };
    }),
    successor: successorOf(question, recovery, played),
    steps: steps.map((step, at) => planned(belief, step, at)),
    lost: lost.map((one) => ({ ...one, name: serverName(belief, one.server) })),
    hooks: steps.flatMap((step) => (step.kind === 'hooks' ? [HOOK_KEYS[step.list]] : [])),
    verdict,
  };
}

const NO_PLAN = {
  wouldRun: false,
  warnings: [],
  kind: null,
  failed: null,
  servers: [],
  successor: null,
  steps: [],
  lost: [],
  hooks: [],
  verdict: null,
} as const;

function rehearse(recovery: Recovery, { belief, sights, isDead }: PlanQuestion): Preview {
  const assumed = (server: ServerId, byPlace: boolean) =>
    isDead && server === recovery.failed
      ? null
      : assumedOf(belief, sights, server, byPlace, channelIn(recovery, server));
  const primary = belief.clusters.get(recovery.clusterId)?.primary;
  const all = recovery.inputs.participants.map(({ id }) => assumed(id, false));
  const primarySays = primary === undefined ? null : withOthersSeen(primary, assumed(primary, false), all);
  return preview(recovery, (server, byPlace) =>
    server === primary && !byPlace ? primarySays : assumed(server, byPlace),
  );
}

function planned(belief: Belief, step: Step, at: number): PlannedStep {
  const nameOf = (server: ServerId): string => serverName(belief, server);
  return {
    number: at + 1,
    kind: step.kind,
    server: step.server,
    name: nameOf(step.server),
    text: describeStep(step, nameOf),
    isPointOfNoReturn: step.kind === 'promise-promotion',
  };
}

function successorOf(
  { belief, candidate }: PlanQuestion,
  { failed, inputs }: Recovery,
  { record }: Preview,
): RecoveryPlan['successor'] {
  const server = record.successor;
  if (server === null) return null;
  const name = serverName(belief, server);
  if (candidate === server) return { server, name, because: 'it was asked for' };
  const primary = belief.servers.get(failed);
  const ranked = inputs.participants
    .filter(({ role }) => role === 'replica')
    .map(({ id }) => belief.servers.get(id))
    .filter((one): one is Server => one !== undefined);
  // Left to choose, a takeover passes over those whom something speaks against now.
  if (inputs.requestedCandidate === server && ranked[0]?.id !== server) {
    return { server, name, because: 'something speaks against those who would rank before it' };
  }
  return { server, name, because: primary === undefined ? '' : whyThisOne(server, ranked, primary) };
}
