// Plans about replicas that hang on a member of a replication group.
import { waitUntilOnline } from '../../../../tools/lab/group.js';
import type { LabServer } from '../../../../tools/lab/lab-server.js';
import { GROUP } from '../layouts.js';
import type { PlanKind } from '../plan-kind.js';
import type { CrashStage } from '../stage.js';

async function sourceOfOutside({ topology }: CrashStage): Promise<LabServer> {
  const { sourcePort } = (await topology.servers.at(-1)?.replicaStatus()) ?? {};
  const member = topology.servers.find(({ port }) => port === sourcePort);
  if (member === undefined) throw new Error('the replica outside follows no member');
  return member;
}

/** The group forgets it and goes on; whoever is outside is given another member. */
const deadGroupMember: PlanKind = {
  name: 'dead-group-member',
  kind: 'dead-group-member',
  statements: 20,
  layout: GROUP,
  begin: async (stage) => {
    await stage.writeAndRest();
    await (await sourceOfOutside(stage)).kill();
  },
  restore: async ({ topology, writer }) => {
    await writer.rest();
    for (const member of topology.servers.filter(({ running }) => !running)) {
      await member.start();
      await waitUntilOnline(member);
    }
  },
};

export const GROUPS: readonly PlanKind[] = [deadGroupMember];
