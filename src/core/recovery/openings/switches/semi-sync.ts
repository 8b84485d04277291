/**
 * Semi-synchronous replication, on either side. A commit that waits for an acknowledgement nobody will send hangs, and one
 * that waits no more is acknowledged to its client though it may be lost: so what would do either to a server that takes
 * writes has to be meant (invariant 13).
 */
import { isWritable, type Server } from '../../../topology/server.js';
import { directReplicasOf } from '../../belief.js';
import type { SwitchCommand } from '../../requests/switching.js';
import { type Asked, type Judge, noReplica, step, when } from './wish.js';

type Own = Extract<SwitchCommand, `${'enable' | 'disable'}-semi-sync-${'master' | 'replica'}`>;

/** rpl_semi_sync_source_timeout, unless somebody has set it. */
const DEFAULT_TIMEOUT_MS = 10_000;

export const SEMI_SYNC: Readonly<Record<Own, Judge>> = {
  'enable-semi-sync-master': enableSource,
  'disable-semi-sync-master': disableSource,
  'enable-semi-sync-replica': (asked) => ({
    steps: [step(asked, { do: 'acknowledge', on: true })],
    refusals: [noReplica(asked), noPlugin(asked, 'replica')],
  }),
  'disable-semi-sync-replica': disableReplica,
};

function noPlugin({ server, name }: Asked, side: 'source' | 'replica') {
  const { semiSync } = server.facts;
  const is = side === 'source' ? semiSync.sourceAvailable : semiSync.replicaAvailable;
  const text = `the semi-sync plugin of ${side}s is not loaded on ${name}`;
  const library = semiSync.sourcePluginIsNew || semiSync.replicaPluginIsNew || !is ? `semisync_${side}.so` : '';
  return when(!is, 'no-plugin', text, `INSTALL PLUGIN rpl_semi_sync_${side} SONAME '${library}' there`);
}

function enableSource(asked: Asked): ReturnType<Judge> {
  const { belief, server, name, wish } = asked;
  const { semiSync } = server.facts;
  const able = directReplicasOf(belief, server).filter(acknowledges).length;
  const wanted = Math.max(1, semiSync.waitCount);
  // What a replica applies waits as a client's commit does: it would stand still with all who follow it. With the limit that
  // servers come with it does so once, and one is made ready in advance to be a primary.
  const standsStill = server.facts.channels.length > 0 && semiSync.timeoutMs > DEFAULT_TIMEOUT_MS;
  const commits = isWritable(server.facts) || standsStill;
  const text = `${String(able)} replicas of ${name} acknowledge and each commit would wait for ${String(wanted)}`;
  const mend =
    'orchestrator-client -c enable-semi-sync-replica on its replicas first, or ask with --force (force=true over HTTP)';
  return {
    steps: [step(asked, { do: 'ask', on: true, forced: wish.force })],
    refusals: [
      noPlugin(asked, 'source'),
      when(commits && able < wanted && !wish.force, 'too-few-acknowledge', text, mend),
    ],
  };
}

function acknowledges({ facts }: Server): boolean {
  return facts.semiSync.replicaEnabled && facts.channels.some(({ ioThread }) => ioThread === 'running');
}

function disableSource(asked: Asked): ReturnType<Judge> {
  const { server, name, wish } = asked;
  const { facts } = server;
  const text = `${name} takes writes, and what it acknowledges without semi-sync may be lost with it`;
  const isPromise = isWritable(facts) && facts.semiSync.sourceEnabled;
  return {
    steps: [step(asked, { do: 'ask', on: false, forced: wish.force })],
    refusals: [
      noPlugin(asked, 'source'),
      when(isPromise && !wish.force, 'durability', text, 'ask with --force (force=true over HTTP) if that is meant'),
    ],
  };
}

function disableReplica(asked: Asked): ReturnType<Judge> {
  const { belief, server, name, source, wish } = asked;
  const { semiSync } = source?.facts ?? server.facts;
  const others =
    source === null
      ? 0
      : directReplicasOf(belief, source).filter((one) => one.id !== server.id && acknowledges(one)).length;
  const isNeeded = source !== null && semiSync.sourceEnabled && acknowledges(server) && others < semiSync.waitCount;
  const text = `without ${name} ${String(others)} replicas acknowledge, and commits of its source wait for ${String(semiSync.waitCount)}`;
  return {
    steps: [step(asked, { do: 'acknowledge', on: false })],
    refusals: [
      noReplica(asked),
      noPlugin(asked, 'replica'),
      when(
        isNeeded && !wish.force,
        'too-few-acknowledge',
        text,
        'let another one acknowledge first, or ask with --force (force=true over HTTP)',
      ),
    ],
  };
}
