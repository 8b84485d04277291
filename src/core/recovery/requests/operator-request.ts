/**
 * May what an operator asks for be done, and how would it begin? Answered before anything is touched, with every reason
 * against it at once, and for the plan that is shown as for the request that is carried out, so that the two cannot differ.
 *
 * Whoever asks passes the filters, the global switch, downtimes and the block after a recent failover: those hold
 * automation back. Nobody passes what keeps the data: constraints of geography, rules and lag, one recovery at a time, and
 * a quorum. The sentences that users of the incumbent know are kept.
 */
import { callsForRecovery, type Problem } from '../../analysis/problem.js';
import { addressText } from '../../topology/address.js';
import { type ClusterId, mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { type Belief, directReplicasOf, refusal, type Refusal, serverName, strandedReplicasOf } from '../belief.js';
import { type Decision, decide } from '../decision.js';
import { guardRefusals } from '../guards/guards.js';
import { otherCoPrimaryOf } from '../openings/dead-co-primary.js';
import { openDeadPrimary } from '../openings/dead-primary.js';
import { openTakeover, type SoftState } from '../openings/graceful-takeover.js';
import { replicasOfFellows, withinGroup } from '../openings/replication-group.js';
import type { OpeningContext } from '../openings/opening.js';
import type { RecoveryPolicy } from '../policy.js';
import type { OperatorCommand, RecoveryKind } from '../recovery.js';
import type { Sights } from '../sights.js';

export interface OperatorRequest {
  readonly command: OperatorCommand;
  readonly clusterId: ClusterId;
  /** Of `recover`: the server that failed. Null for the others, which are about the primary. */
  readonly server: ServerId | null;
  /** Whom to promote; null: the best, or the only one. */
  readonly candidate: ServerId | null;
}

export interface RequestQuestion {
  readonly belief: Belief;
  readonly policy: RecoveryPolicy;
  readonly sights: Sights;
  readonly soft: SoftState;
  /** All that is known to be wrong now. */
  readonly problems: readonly Problem[];
  /** This node leads with a quorum that it has heard of just now, or hears such a leader. */
  readonly hasQuorum: boolean;
  readonly request: OperatorRequest;
}

type Answer = (question: RequestQuestion, primary: Server, context: OpeningContext) => Decision;

const ANSWERS: Readonly<Record<OperatorCommand, Answer>> = {
  'graceful-master-takeover': takeover,
  'graceful-master-takeover-auto': takeover,
  'force-master-failover': forcedFailover,
  'force-master-takeover': forcedFailover,
  recover: recoverServer,
  'recover-lite': recoverServer,
};

export function decideRequest(question: RequestQuestion, context: OpeningContext): Decision {
  const { belief, request } = question;
  const cluster = belief.clusters.get(request.clusterId);
  const primary = cluster === undefined ? undefined : belief.servers.get(cluster.primary);
  if (cluster === undefined || primary === undefined) {
    const text = `Cannot deduce cluster master for ${request.clusterId}. Found 0 potential masters`;
    return no(
      refusal('unknown-cluster', text, 'discover one of its servers: orchestrator-client -c discover -i HOST:PORT'),
    );
  }
  return ANSWERS[request.command](question, primary, context);
}

function no(...refusals: readonly Refusal[]): Decision {
  return { refusals, opening: { ok: false, refusals } };
}

function takeover(question: RequestQuestion, primary: Server, context: OpeningContext): Decision {
  const { belief, policy, soft, request } = question;
  const { clusterId, candidate } = request;
  const wish = { clusterId, candidate, auto: request.command === 'graceful-master-takeover-auto' };
  const opening = openTakeover(belief, policy, wish, soft, context);
  const objections = [...severalPrimaries(belief, primary), ...guarded(question, primary.id, 'graceful-takeover')];
  return { refusals: [...objections, ...(opening.ok ? [] : opening.refusals)], opening };
}

function forcedFailover(question: RequestQuestion, primary: Server, context: OpeningContext): Decision {
  const { belief, policy, sights, request } = question;
  const { candidate, clusterId } = request;
  const name = addressText(primary.address);
  if (request.command === 'force-master-takeover' && candidate === null) {
    const text = `ForceMasterTakeover: target instance not indicated for the cluster of ${name}`;
    return no(refusal('not-indicated', text, 'name the new primary with -d, or use force-master-failover'));
  }
  const described = candidate === null ? '' : ` to ${serverName(belief, candidate)}`;
  const problem = {
    server: primary.id,
    clusterId,
    code: 'DeadMaster',
    description: `${context.requestedBy} forced a failover of ${name}${described}`,
  } as const;
  const stranger = notPromotable(question, primary);
  if (stranger !== null) return no(...severalPrimaries(belief, primary), stranger);
  const opening = openDeadPrimary(
    belief,
    policy,
    { problem, requestedCandidate: candidate, forced: true, sights },
    context,
  );
  const objections = [...severalPrimaries(belief, primary), ...guarded(question, primary.id, 'dead-primary')];
  return { refusals: [...objections, ...(opening.ok ? [] : opening.refusals)], opening };
}

/** What stands in the analysis is recovered, whatever holds automation back. */
function recoverServer(question: RequestQuestion, primary: Server, context: OpeningContext): Decision {
  const { belief, policy, problems, sights, hasQuorum, request } = question;
  const server = request.server ?? primary.id;
  const own = problems.filter((problem) => problem.server === server);
  const problem = own.find(callsForRecovery);
  if (problem === undefined) return no(nothingToRecover(belief, primary, server, own));
  const requestedCandidate = request.candidate;
  return decide({ belief, policy, problem, sights, hasQuorum, forced: true, requestedCandidate }, context);
}

function guarded(
  { belief, policy, hasQuorum, request: { clusterId } }: RequestQuestion,
  server: ServerId,
  kind: RecoveryKind,
): readonly Refusal[] {
  const planned = kind === 'graceful-takeover';
  return guardRefusals({ belief, policy, clusterId, kind, server, forced: true, planned, hasQuorum });
}

function nothingToRecover(belief: Belief, primary: Server, server: ServerId, own: readonly Problem[]): Refusal {
  const name = serverName(belief, server);
  const why =
    own.length === 0
      ? 'nothing is known to be wrong with it'
      : own.map(({ code }) => `${code} is not answered with a recovery`).join('; ');
  const mend =
    server === primary.id
      ? `orchestrator-client -c force-master-failover -i ${name} replaces it whatever its state`
      : `orchestrator-client -c replication-analysis lists what is wrong; replicas of ${name} are moved with relocate-replicas`;
  return refusal('nothing-to-recover', `Recovery not attempted: there is nothing to recover on ${name}: ${why}`, mend);
}

/** Two that replicate from each other and both take writes: nobody but a person can tell which one is meant. */
function severalPrimaries(belief: Belief, primary: Server): readonly Refusal[] {
  const other = otherCoPrimaryOf(belief, primary);
  if (other === null || other.facts.readOnly || primary.facts.readOnly) return [];
  const names = [primary, other].map(({ address }) => addressText(address));
  const text = `Cannot deduce cluster master for ${names[0] ?? ''}. Found 2 potential masters (${names.join(' and ')}, which replicate from each other, and both take writes)`;
  return [
    refusal(
      'several-primaries',
      text,
      `make one of them read-only: orchestrator-client -c set-read-only -i ${names[1] ?? ''}`,
    ),
  ];
}

function notPromotable({ belief, request }: RequestQuestion, primary: Server): Refusal | null {
  const { command, candidate } = request;
  const prefix = command === 'force-master-takeover' ? 'ForceMasterTakeover:' : 'ForceMasterFailover:';
  const named = `orchestrator-client -c force-master-takeover -i ${addressText(primary.address)} -d HOST:PORT`;
  const leaving = promotableBelow(belief, primary).length > 0 ? named : '';
  const inGroup = withinGroup({ belief, primary, candidate, leaving, prefix });
  return inGroup ?? (candidate === null ? null : noChild(belief, primary, candidate));
}

/** Those whom somebody may name: openings/dead-primary.ts knows why the others are among them. */
function promotableBelow(belief: Belief, primary: Server): readonly ServerId[] {
  const children = directReplicasOf(belief, primary).map(({ id }) => id);
  const known = [...children, ...replicasOfFellows(belief, primary).keys()];
  return known.length > 0 ? known : [...strandedReplicasOf(belief, primary).keys()];
}

function noChild(belief: Belief, primary: Server, candidate: ServerId): Refusal | null {
  if (promotableBelow(belief, primary).includes(candidate)) return null;
  const server = belief.servers.get(candidate);
  const name = serverName(belief, candidate);
  const source = server === undefined ? null : mainChannel(server.facts)?.source;
  const of = source == null ? `${name} has no master.` : `The master of ${name} is ${addressText(source)}.`;
  const text = `You may only promote a direct child of the master ${addressText(primary.address)}. ${of}`;
  return refusal('not-a-replica', text, 'name one of its direct replicas');
}
