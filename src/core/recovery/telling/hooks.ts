/**
 * When are an operator's commands run around a recovery? Lists before the first change hold the recovery back and may end
 * it, with nothing changed; lists after its end change nothing about it. Which lists there are is said at the opening, so
 * that a recovery without hooks has not one step more; the commands themselves are those of the node that runs them.
 *
 * What a command is told is settled at the opening too, but for what came of the recovery: a leader that runs a list again
 * tells the same story as the one that died over it (invariant 15).
 */
import { addressText } from '../../topology/address.js';
import type { ServerId } from '../../topology/server.js';
import { type Belief, directReplicasOf } from '../belief.js';
import type { FailedRole, HookEvent, HookFacts, HookList, HookTerms } from './hook-terms.js';
import type { Recovery, RecoveryKind, Verdict } from '../recovery.js';

interface Occasions {
  readonly before: readonly HookList[];
  /** After a success, in this order; after anything else it is `after-failure`. Empty: nothing is run either way. */
  readonly after: readonly HookList[];
}

/** Without those of the detection, which are run before a recovery is opened, or first of all (detections.ts). */
const OCCASIONS: Readonly<Record<RecoveryKind, Occasions>> = {
  'dead-primary': { before: ['before-failover'], after: ['after-primary', 'after-success'] },
  'dead-co-primary': { before: ['before-failover'], after: ['after-primary', 'after-success'] },
  'dead-intermediate': { before: ['before-failover'], after: ['after-intermediate', 'after-success'] },
  'dead-group-member': { before: ['before-failover'], after: ['after-intermediate', 'after-success'] },
  'read-only-primary': { before: ['before-failover'], after: ['after-success'] },
  'semi-sync': { before: [], after: ['after-success'] },
  'graceful-takeover': {
    before: ['before-takeover', 'before-failover'],
    after: ['after-primary', 'after-success', 'after-takeover'],
  },
  // The return of a demoted primary is a recovery of ours and none of the incumbent's: no script of theirs expects it.
  'former-primary': { before: [], after: [] },
  'lost-replica': { before: [], after: [] },
  'inject-empty': { before: [], after: [] },
  'reset-gtids': { before: [], after: [] },
  rebuild: { before: [], after: [] },
  move: { before: [], after: [] },
  switch: { before: [], after: [] },
};

export interface HookSetting {
  /** Lists that have commands on this node. */
  readonly configured: ReadonlySet<HookList>;
  /** The hooks of its detection were run before; an operator may ask for a recovery of what nobody has found. */
  readonly isDetected: boolean;
  readonly automaticPrimary: boolean;
  readonly automaticIntermediate: boolean;
}

/** Null: no list has a command, so there is nothing to remember. */
export function hookTermsOf(belief: Belief, recovery: Recovery, setting: HookSetting): HookTerms | null {
  if (recovery.inputs.skipHooks === true) return null;
  const swap = roleSwapOf(recovery);
  const { before, after } = occasionsOf(recovery);
  const configured = (lists: readonly HookList[]): readonly HookList[] =>
    lists.filter((list) => setting.configured.has(list));
  const isNews = before.length > 0 && (recovery.kind === 'graceful-takeover' || !setting.isDetected);
  const terms = {
    before: configured(isNews ? ['on-detection', ...before] : before),
    after: configured(after.length === 0 || swap !== null ? after : [...after, 'after-failure']),
  };
  if (terms.before.length === 0 && terms.after.length === 0) return null;
  const about = swap === null ? recovery : { ...recovery, failed: swap.demoted };
  return { ...terms, facts: hookFactsOf(belief, about, setting) };
}

function occasionsOf(recovery: Pick<Recovery, 'kind' | 'inputs'>): Occasions {
  return roleSwapOf(recovery) === null ? OCCASIONS[recovery.kind] : { before: [], after: ['after-role-swap'] };
}

/** Of a take-master: who took its source's place, and that source. All of its moves are made or none. */
function roleSwapOf({
  inputs: { movement },
}: Pick<Recovery, 'inputs'>): { readonly taker: ServerId; readonly demoted: ServerId } | null {
  if (movement?.command !== 'take-master' || movement.manner !== 'in-order') return null;
  const below = movement.moves.find(({ to }) => movement.moves.some(({ server }) => server === to));
  return below === undefined ? null : { taker: below.to, demoted: below.server };
}

type Failure = Pick<Recovery, 'code' | 'description' | 'clusterId' | 'failed'> & {
  readonly kind?: RecoveryKind;
  readonly inputs?: Pick<Recovery['inputs'], 'command'>;
};

export function hookFactsOf(belief: Belief, failure: Failure, setting: HookSetting): HookFacts {
  const server = belief.servers.get(failure.failed);
  const cluster = belief.clusters.get(failure.clusterId);
  const primary = cluster === undefined ? undefined : belief.servers.get(cluster.primary);
  const replicas = server === undefined ? [] : directReplicasOf(belief, server);
  const name = primary === undefined ? failure.clusterId : addressText(primary.address);
  const aliases = [...replicas, ...(server === undefined ? [] : [server])].filter(({ facts }) => facts.alias !== '');
  const downtime = belief.downtimes.get(failure.failed);
  return {
    failureType: failure.code,
    description: failure.description,
    role: roleIn(failure.code),
    command: commandOf(failure),
    failed: { host: server?.address.host ?? failure.failed, port: server?.address.port ?? 0 },
    clusterName: name,
    clusterAlias: cluster === undefined || cluster.alias === '' ? name : cluster.alias,
    clusterDomain: cluster?.domain ?? '',
    replicas: replicas.map(({ address }) => addressText(address)),
    isDowntimed: downtime !== undefined && downtime.endsAtMs > belief.nowMs,
    automaticPrimary: setting.automaticPrimary,
    automaticIntermediate: setting.automaticIntermediate,
    aliases: Object.fromEntries(aliases.map(({ id, facts }) => [id, facts.alias])),
  };
}

/** The codes say it, and they are what scripts go by. */
function roleIn(code: string): FailedRole {
  if (code.includes('CoMaster')) return 'co-primary';
  if (code.includes('IntermediateMaster')) return 'intermediate';
  return code.includes('GroupMember') ? 'group-member' : 'primary';
}

/** What the incumbent's hooks are told: it has one name for both takeovers, and none for a recovery that is asked for. */
export function commandOf({ kind, inputs }: Pick<Failure, 'kind' | 'inputs'>): string {
  if (kind === 'graceful-takeover') return 'graceful-master-takeover';
  const command = inputs?.command ?? '';
  return command.startsWith('force-') ? command : '';
}

/** Lists that follow a recovery with this verdict, as far as they have commands. */
export function listsAfter(recovery: Recovery, verdict: Verdict): readonly HookList[] {
  const { inputs, promotion } = recovery;
  const { after } = occasionsOf(recovery);
  if (inputs.hooks === undefined || after.length === 0) return [];
  // Cancelled half way: it took nobody's place.
  if (roleSwapOf(recovery) !== null && recovery.lost.length > 0) return [];
  const due: readonly HookList[] = verdict.kind === 'succeeded' ? after : ['after-failure'];
  const { hooks } = inputs;
  // What fails after its promotion has a new primary, though a closed one: that is no success to anybody.
  return due.filter((list) => hooks.after.includes(list) && (promotion !== null || !NEEDS_PROMOTION.has(list)));
}

const NEEDS_PROMOTION: ReadonlySet<HookList> = new Set(['after-primary', 'after-takeover']);

/** What a list of this recovery is told, from its record alone. */
export function hookEventOf(recovery: Recovery, attempt: number): HookEvent | null {
  const facts = recovery.inputs.hooks?.facts;
  if (facts === undefined) return null;
  const successor = roleSwapOf(recovery)?.taker ?? recovery.successor;
  const named = new Map(recovery.inputs.participants.map(({ id, host, port }) => [id, { host, port }]));
  const address = successor === null ? undefined : named.get(successor);
  return {
    facts,
    recoveryId: recovery.id,
    attempt,
    isSuccessful: recovery.verdict?.kind === 'succeeded',
    successor:
      successor === null || address === undefined
        ? null
        : { address, alias: facts.aliases[successor] ?? '', binaryLog: binaryLogOf(recovery, successor) },
    lost: recovery.lost.flatMap(({ server }) => {
      const known = named.get(server);
      return known === undefined ? [] : [addressText(known)];
    }),
  };
}

/** Where its binary log ended when it was opened, `file:position`. */
export function binaryLogOf(recovery: Recovery, server: ServerId): string | null {
  const found = recovery.steps.flatMap(({ step, outcome }) =>
    step.kind === 'open' && step.server === server && outcome?.ok === true ? [outcome.findings.binaryLog] : [],
  );
  return found[0] ?? null;
}
