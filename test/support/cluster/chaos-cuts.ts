/** Blows to the cables between nodes, of both kinds and of one direction only, for as long as a pause would take. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rng } from '../../../src/core/base/rng.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';
import type { Blow } from './chaos-faults.js';
import type { PeerCables } from '../raft/peer-cables.js';

/** Some end before anyone has noticed, some only when others have gone on long since. */
const CUTS_MS = [200, 1000, 3000];

type Cut = (subject: OrchestratorNode, others: readonly OrchestratorNode[], rng: Rng) => void;

export function cutsOf(cluster: OrchestratorCluster, cables: PeerCables): Readonly<Record<string, Blow>> {
  const leaderOrAny = async (rng: Rng): Promise<OrchestratorNode> =>
    rng.next() < 0.7 ? await cluster.leader() : pick(cluster.nodes, rng);
  const during =
    (cut: Cut): Blow =>
    async (_, rng) => {
      const subject = await leaderOrAny(rng);
      cut(
        subject,
        cluster.nodes.filter((node) => node !== subject),
        rng,
      );
      await sleep(pick(CUTS_MS, rng));
      cables.heal();
    };
  return {
    'a node is cut off without a word': during((subject, others) => {
      for (const other of others) cables.part(subject, other, 'silently');
    }),
    'a node is cut off, and all notice': during((subject, others) => {
      for (const other of others) cables.part(subject, other, 'loudly');
    }),
    'a node hears nobody': during((subject, others) => {
      for (const other of others) cables.mute(other, subject);
    }),
    'nobody hears a node': during((subject, others) => {
      for (const other of others) cables.mute(subject, other);
    }),
    'two nodes cannot talk': during((subject, others, rng) => {
      cables.part(subject, pick(others, rng), rng.next() < 0.5 ? 'silently' : 'loudly');
    }),
    'one does not hear another': during((subject, others, rng) => {
      cables.mute(subject, pick(others, rng));
    }),
    'a node that is cut off is killed, and comes back into the cut': async (_, rng) => {
      const subject = await leaderOrAny(rng);
      for (const other of cluster.nodes) if (other !== subject) cables.part(subject, other, 'silently');
      await sleep(500);
      await subject.kill();
      // It answers HTTP without a leader.
      await subject.start();
      await sleep(500);
      cables.heal();
    },
  };
}

function pick<T>(choices: readonly T[], rng: Rng): T {
  const choice = choices[rng.integer(choices.length)];
  if (choice === undefined) throw new Error('nothing to choose from');
  return choice;
}
