/**
 * Who takes writes. The primary of the committed epoch may be opened and closed; whoever else is opened is opened by force,
 * and never while another of its cluster takes writes or may take them. A former primary is opened by a takeover alone
 * (invariants 6 and 14).
 */
import { addressText } from '../../../topology/address.js';
import { isWritable, mainChannel } from '../../../topology/server.js';
import { directReplicasOf, refusal, type Refusal } from '../../belief.js';
import { semiSyncDuty } from '../../durability/semi-sync.js';
import type { AskTerms } from '../../requests/switch-action.js';
import type { SwitchCommand } from '../../requests/switching.js';
import { type Asked, type Judge, step, when, withoutGroup } from './wish.js';

export const WRITES: Readonly<Record<Extract<SwitchCommand, 'set-read-only' | 'set-writeable'>, Judge>> = {
  'set-read-only': (asked) => ({
    steps: [
      step(asked, {
        do: 'close',
        superToo: asked.policy.superReadOnly,
        stopsAsking: asked.server.facts.semiSyncPriority > 0 && mainChannel(asked.server.facts) !== null,
      }),
    ],
    refusals: [withoutGroup(asked)],
  }),
  'set-writeable': open,
};

function open(asked: Asked): ReturnType<Judge> {
  const { belief, server, name, wish } = asked;
  const cluster = belief.clusters.get(server.clusterId);
  const primary = cluster === undefined ? undefined : belief.servers.get(cluster.primary);
  const isPrimary = primary?.id === server.id;
  const takeover = `orchestrator-client -c graceful-master-takeover-auto -i ${name} -d ${name}`;
  const demoted = `${name} is a former primary: only a takeover opens it again`;
  const replica =
    `${name} is not the primary of its cluster` +
    (primary === undefined ? '' : `, which is ${addressText(primary.address)}`);
  return {
    steps: [step(asked, { do: 'open', asks: isPrimary ? asksOf(asked) : null })],
    others: isPrimary || primary === undefined ? [] : [primary],
    refusals: [
      withoutGroup(asked),
      when(belief.demotions.has(server.id), 'demoted', demoted, takeover),
      when(
        !isPrimary && !wish.force,
        'not-primary',
        replica,
        `${takeover}, or ask with --force (force=true over HTTP)`,
      ),
      ...othersOpen(asked),
    ],
  };
}

/** One that does not answer is as it was last seen. */
function othersOpen({ belief, server }: Asked): readonly Refusal[] {
  const open = [...belief.servers.values()].filter(
    (other) => other.id !== server.id && other.clusterId === server.clusterId && isWritable(other.facts),
  );
  return open.map(({ address }) => {
    const other = addressText(address);
    const text = `${other} takes writes, and two of one cluster must not`;
    return refusal('another-is-open', text, `orchestrator-client -c set-read-only -i ${other}`);
  });
}

function asksOf({ belief, server }: Asked): AskTerms | null {
  const duty = semiSyncDuty(server, [server, ...directReplicasOf(belief, server)]);
  if (duty !== null) return duty;
  const { semiSync, semiSyncPriority } = server.facts;
  if (semiSyncPriority === 0 || !semiSync.sourceAvailable) return null;
  const ackers = directReplicasOf(belief, server).filter(({ facts }) => facts.semiSync.replicaEnabled).length;
  return { timeoutMs: semiSync.timeoutMs, waitCount: Math.max(1, semiSync.waitCount), ackers };
}
