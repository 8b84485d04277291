// The node that was killed comes back on its own data: it follows, and knows what happened while it was away.
import { type Overview, readOverview } from './overview.js';
import type { DemoSet } from './set.js';
import { until } from './until.js';
import type { Voice } from './voice.js';

/** What all nodes must agree on: who the primary is, in which epoch, and which recoveries there were. */
function essence({ clusters, recoveries }: Overview): string {
  const primaries = clusters.map(({ id, primary, epoch }) => ({ id, primary, epoch }));
  return JSON.stringify([primaries, recoveries.map(({ id, verdict }) => ({ id, verdict }))]);
}

export async function nodeReturns({ cluster }: DemoSet, voice: Voice): Promise<void> {
  const dead = cluster.nodes.filter((node) => !node.running);
  const leader = await cluster.leader();
  for (const node of dead) {
    await node.start();
    await until(`${node.name} with the view of the others`, async () => {
      const [theirs, its] = await Promise.all([readOverview(leader), readOverview(node)]);
      return essence(theirs) === essence(its) ? true : undefined;
    });
    voice.claim(true, `${node.name} is back on its own data and knows what it missed`);
  }
  if (dead.length > 0) voice.claim((await cluster.leader()) === leader, `${leader.name} leads on, undisturbed by that`);
}
