/**
 * Would a failover of this cluster happen now, if its primary died? To whom and why, what would be lost, and if not, every
 * reason with what mends it: "no failover, and I cannot tell why" is what operators of such systems complain of first.
 *
 * Nothing here decides. The decision is that of `decide`, as in earnest; the plan is played on what the servers said last,
 * by the playbook that would be played; what is added are the conditions under which a death would be noticed at all.
 */
import { type ClusterId, isGroupMember, isWritable, type Server, type ServerId } from '../../topology/server.js';
import { addressText } from '../../topology/address.js';
import { assumedOf } from '../preview/assumed.js';
import { channelIn } from '../channels.js';
import { type Belief, directReplicasOf, refusal, type Refusal, serverName } from '../belief.js';
import { type DecisionQuestion, decide } from '../decision.js';
import { durabilityVerdict } from '../durability/durability.js';
import type { DurabilityPolicy } from '../durability/durability-terms.js';
import { type CandidateExplained, explainCandidates, whyThisOne } from './candidates.js';
import { type Loss, lossOf } from './loss.js';
import { branchWarnings } from './branches.js';
import { deathRefusals, type Orchestrators } from './death.js';
import { doubts, type Emergency, siteWarning } from './doubt.js';
import { strandedRefusals } from './stranded.js';
import { otherCoPrimaryOf } from '../openings/dead-co-primary.js';
import { judgeReplicas } from '../openings/dead-primary.js';
import { type Preview, preview } from '../preview/preview.js';
import type { Recovery, RecoveryId } from '../recovery.js';
import type { Sights } from '../sights.js';
import { describeStep } from '../step-text.js';

export interface ExplainQuestion extends Omit<DecisionQuestion, 'problem'> {
  readonly clusterId: ClusterId;
  readonly orchestrators: Orchestrators;
  /** About the primary, now; null: nobody doubts that it lives. */
  readonly emergency: Emergency | null;
  /** The primary is replaced also when its whole data centre fell silent with it. */
  readonly recoversSilentSite: boolean;
}

export interface Explanation {
  readonly clusterId: ClusterId;
  /** `host:port` of the primary. */
  readonly cluster: string;
  readonly alias: string;
  readonly wouldFailOver: boolean;
  /** Every reason why not; empty when it would. */
  readonly refusals: readonly Refusal[];
  /** What does not prevent it and should be known. */
  readonly warnings: readonly Refusal[];
  /** Whom the plan promotes, also when something else stands in the way; null when nobody could be. */
  readonly successor: { readonly server: ServerId; readonly name: string; readonly because: string } | null;
  /** All direct replicas, the best candidate first. */
  readonly candidates: readonly CandidateExplained[];
  readonly loss: Loss;
  readonly durability: {
    readonly policy: DurabilityPolicy;
    /** No acknowledged transaction would be lost. */
    readonly guaranteed: boolean;
    /** Why that is not certain. */
    readonly because: readonly string[];
  };
  /** The steps, as sentences; empty when there is no plan. */
  readonly plan: readonly string[];
}

/** Null: there is no such cluster. */
export function explain(question: ExplainQuestion): Explanation | null {
  const { belief, clusterId } = question;
  const cluster = belief.clusters.get(clusterId);
  const primary = cluster === undefined ? undefined : belief.servers.get(cluster.primary);
  if (cluster === undefined || primary === undefined) return null;
  const partner = otherCoPrimaryOf(belief, primary);
  const death = partner === null ? DEAD_PRIMARY : DEAD_CO_PRIMARY;
  const problem = { server: primary.id, clusterId, description: 'what if it died now', ...death };
  const { refusals, opening } = decide({ ...question, problem }, NOBODY);
  const replicas = directReplicasOf(belief, primary);
  const played = opening.ok ? playedOn(opening.recovery, question) : null;
  const deadly = deathRefusals(primary, replicas, question.sights, question.orchestrators);
  const doubtful = doubts(primary, question.emergency);
  const all = [
    ...doubtful.refusals,
    ...refusals,
    ...deadly.refusals,
    ...strandedRefusals(belief, primary),
    ...planRefusals(played),
  ];
  const { candidacies, terms } = judgeReplicas(belief, question.policy, primary, {
    sights: question.sights,
    forced: false,
  });
  const verdict = played === null ? null : durabilityVerdict(played.record);
  return {
    clusterId,
    cluster: addressText(primary.address),
    alias: cluster.alias,
    wouldFailOver: all.length === 0,
    refusals: all,
    warnings: [
      ...doubtful.warnings,
      ...deadly.warnings,
      ...siteWarning(primary, replicas, question.recoversSilentSite),
      ...blindSpots([primary, ...replicas]),
      ...branchWarnings(question, clusterId, primary, NOBODY),
      ...openedReplicas(primary, replicas, partner, question.sights),
      ...openedApart(question, primary, partner),
      ...missingGrants([primary, ...replicas]),
      ...slowWithout(replicas),
    ],
    successor: successorOf(
      belief,
      primary,
      candidacies.map(({ server }) => server),
      played,
      partner,
    ),
    candidates: explainCandidates(candidacies, primary, question.sights),
    loss: lossOf(primary, replicas, question.sights, played?.preview.ending.lost ?? []),
    durability: {
      policy: terms.policy,
      guaranteed: verdict?.kind === 'guaranteed',
      because: verdict?.kind === 'not-guaranteed' ? verdict.because : verdict === null ? ['there is no plan'] : [],
    },
    plan: (played?.preview.steps ?? []).map((step) => describeStep(step, (server) => serverName(belief, server))),
  };
}

const DEAD_PRIMARY = { code: 'DeadMaster', reaction: 'recover-dead-primary' } as const;
const DEAD_CO_PRIMARY = { code: 'DeadCoMaster', reaction: 'recover-dead-co-primary' } as const;

/** Nothing of it is committed. */
const NOBODY = { id: '0:explain' as RecoveryId, openedBy: '', requestedBy: '' };

export interface Played {
  readonly preview: Preview;
  /** As it would stand at its end. */
  readonly record: Recovery;
}

export function playedOn(opening: Recovery, { belief, sights }: Pick<ExplainQuestion, 'belief' | 'sights'>): Played {
  const played = preview(opening, (server, byPlace) =>
    server === opening.failed ? null : assumedOf(belief, sights, server, byPlace, channelIn(opening, server)),
  );
  return { preview: played, record: played.record };
}

const PLAN_MEND = 'see what is said of each candidate below, and mend that';

function planRefusals(played: Played | null): readonly Refusal[] {
  const verdict = played?.preview.ending.verdict;
  if (verdict === undefined || verdict.kind === 'succeeded') return [];
  return [refusal('plan', `the plan would come to nothing: ${verdict.reason}`, PLAN_MEND)];
}

/** How late each would be is known when their IO threads have stopped, and not before; see choice/choice.ts. */
const UNLESS_LATE =
  '; should it be late in applying what it received, one of its tier that has all as well and less left to apply goes before it';

function successorOf(
  belief: Belief,
  primary: Server,
  ranked: readonly Server[],
  played: Played | null,
  partner: Server | null,
): Explanation['successor'] {
  const server = played?.record.successor ?? null;
  if (server === null) return null;
  if (server === partner?.id) {
    const because = `it and ${addressText(primary.address)} replicate from each other, so the role is its own`;
    return { server, name: serverName(belief, server), because };
  }
  const why = whyThisOne(server, ranked, primary);
  return { server, name: serverName(belief, server), because: ranked.length > 1 ? `${why}${UNLESS_LATE}` : why };
}

/** Of a candidate that could not be promoted for want of one, it stands among the reasons against it as well. */
function missingGrants(servers: readonly Server[]): readonly Refusal[] {
  return servers.flatMap(({ address, facts }) =>
    (facts.missingRights ?? []).map(({ privilege, purpose, mend }) =>
      refusal(
        'missing-grant',
        `${addressText(address)}: the account of the nodes lacks ${privilege} for ${purpose}`,
        mend,
      ),
    ),
  );
}

/**
 * A replica may hold half a transaction when its primary dies. By GTID any other replica helps it out of that; without, or
 * where it is alone, only a right that the account of the nodes can do without.
 */
function slowWithout(replicas: readonly Server[]): readonly Refusal[] {
  return replicas
    .filter(({ facts }) => replicas.length === 1 || facts.gtidMode !== 'ON')
    .flatMap(({ address, facts }) =>
      (facts.missingPromptRights ?? []).map(({ privilege, purpose, mend }) =>
        refusal(
          'slow-without-grant',
          `${addressText(address)}: the account of the nodes lacks ${privilege} for ${purpose}`,
          mend,
        ),
      ),
    );
}

/** Told and left alone: only a server of a committed demotion is ever closed without being asked. */
function openedReplicas(
  primary: Server,
  replicas: readonly Server[],
  partner: Server | null,
  sights: Sights,
): readonly Refusal[] {
  return replicas
    .filter(({ id, facts }) => id !== partner?.id && !isGroupMember(facts) && isWritable(facts) && sights(id).answers)
    .map(({ address }) => {
      const [name, source] = [addressText(address), addressText(primary.address)];
      return refusal(
        'writable-replica',
        `${name} takes writes beside its source ${source}: what is written there alone gets in the way of a failover`,
        `if nobody is to write there: orchestrator-client -c set-read-only -i ${name}`,
      );
    });
}

/** Of the same cluster, and no direct replica: set apart by a failover, or detached, and opened by somebody. */
function openedApart({ belief, sights }: ExplainQuestion, primary: Server, partner: Server | null): readonly Refusal[] {
  const others: readonly (Server | null)[] = [primary, partner, ...directReplicasOf(belief, primary)];
  return [...belief.servers.values()]
    .filter((server) => server.clusterId === primary.clusterId && !others.includes(server))
    .filter(({ id, facts }) => !isGroupMember(facts) && isWritable(facts) && sights(id).answers)
    .map(({ id, address }) => {
      const [name, source] = [addressText(address), addressText(primary.address)];
      const text = `${name} takes writes beside ${source}, and does not follow it: clients may write to both`;
      const mend = belief.demotions.has(id)
        ? 'it is a former primary and is being fenced; see that no client believes in it'
        : `if nobody is to write there: orchestrator-client -c set-read-only -i ${name}`;
      return refusal('writable-apart', text, mend);
    });
}

function blindSpots(servers: readonly Server[]): readonly Refusal[] {
  return servers.flatMap(({ address, facts }) =>
    facts.blindSpots.map(({ what, error, mend }) =>
      refusal('blind-spot', `${addressText(address)}: ${what} cannot be read: ${error}`, mend),
    ),
  );
}
