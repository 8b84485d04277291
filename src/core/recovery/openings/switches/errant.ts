/**
 * Transactions that one replica has and its source lacks: forgotten by the replica, or covered by empty ones on the primary.
 * What they are is asked of the servers when the plan runs; here is what can be said before.
 */
import { addressText } from '../../../topology/address.js';
import type { Server } from '../../../topology/server.js';
import { directReplicasOf, type Refusal } from '../../belief.js';
import { isNone, minus } from '../../progress/gtids.js';
import type { SwitchCommand } from '../../requests/switching.js';
import { type Asked, type Judge, noReplica, startAgain, step, threadsOf, when, withoutGroup } from './wish.js';

type Own = Extract<SwitchCommand, `gtid-errant-${string}`>;

export const ERRANT: Readonly<Record<Own, Judge>> = {
  'gtid-errant-reset-master': reset,
  'gtid-errant-inject-empty': inject,
};

function noGtid({ server, name, wish }: Asked): Refusal | null {
  const is = server.facts.flavor !== 'MariaDB' && server.facts.gtidMode === 'ON';
  const text = `${wish.command} requested for ${name} but it is not using oracle-gtid`;
  return when(!is, 'no-gtid', text, 'set gtid_mode=ON there');
}

/** By what was last seen, of the replica before its source: the plan asks them itself. */
function noneSeen({ sights, server, name, wish }: Asked, other: Server | null): Refusal | null {
  const own = sights(server.id).vitals?.executedGtids ?? '';
  const theirs = other === null ? '' : (sights(other.id).vitals?.executedGtids ?? '');
  const isNothing = own !== '' && theirs !== '' && isNone(minus(own, theirs));
  const text = `${wish.command} will not operate on ${name} because no errant GTID is found`;
  return when(isNothing, 'no-errant', text, 'nothing is to be done');
}

/** What came from the other sources is lacking elsewhere, too, and nothing of it is errant. */
function severalSources({ server, name }: Asked): Refusal | null {
  const text = `${name} replicates from several sources, and nobody can say which of its transactions came from none of them`;
  return when(server.facts.channels.length > 1, 'several-channels', text, 'rebuild it');
}

function reset(asked: Asked): ReturnType<Judge> {
  const { belief, server, name, source, policy, wish } = asked;
  const { facts } = server;
  const replicas = directReplicasOf(belief, server).length;
  const text = `${wish.command} will not operate on ${name} because it has ${String(replicas)} replicas. Expecting no replicas`;
  const open = `${name} takes writes, and what is written while it forgets would be lost`;
  const unknown = `whom ${name} replicates from is not known, so that nobody can say what it alone has`;
  const running = threadsOf(asked);
  const start = startAgain(asked);
  const reopen = step(asked, { do: 'shut', on: false });
  return {
    steps: [
      step(asked, { do: 'drain', limitMs: policy.applyLimitMs }),
      ...(facts.superReadOnly ? [] : [step(asked, { do: 'shut', on: true })]),
    ],
    afterwards: [...(facts.superReadOnly ? [] : [reopen]), ...(running.io || running.sql ? [start] : [])],
    others: source === null ? [] : [source],
    refusals: [
      noReplica(asked),
      noGtid(asked),
      withoutGroup(asked),
      noneSeen(asked, source),
      severalSources(asked),
      when(source === null && facts.channels.length > 0, 'unknown-source', unknown, 'discover its source'),
      when(replicas > 0, 'has-replicas', text, `orchestrator-client -c relocate-replicas -i ${name} -d HOST:PORT`),
      when(!facts.readOnly, 'takes-writes', open, `orchestrator-client -c set-read-only -i ${name}`),
    ],
  };
}

function inject(asked: Asked): ReturnType<Judge> {
  const { belief, server, name } = asked;
  const cluster = belief.clusters.get(server.clusterId);
  const primary = cluster === undefined ? undefined : belief.servers.get(cluster.primary);
  const isPrimary = primary?.id === server.id;
  const none = `the cluster of ${name} has no primary on which they could be injected`;
  const closed = primary === undefined ? '' : `${addressText(primary.address)} is the primary and takes no writes`;
  return {
    steps: [],
    others: primary === undefined || isPrimary ? [] : [primary],
    refusals: [
      noGtid(asked),
      severalSources(asked),
      when(primary === undefined, 'no-primary', none, 'discover the primary'),
      when(isPrimary, 'is-primary', `${name} is the primary of its cluster and has no errant GTIDs`, 'name a replica'),
      noneSeen(asked, primary ?? null),
      when(primary?.facts.readOnly === true, 'closed', closed, 'open it first'),
    ],
  };
}
