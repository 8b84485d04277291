/** The cluster, drawn for a terminal. */
import type { ClusterMember, ClusterStatus, Standing } from '../../runtime/ports/membership.js';

const STANDINGS: Readonly<Record<Standing, string>> = {
  voter: 'a voter',
  learner: 'a learner',
  waiting: 'NO MEMBER YET: it waits to be added ("orchestrator raft add")',
  recovering: 'without a vote until it has made good what its disk lost',
  removed: 'REMOVED from the cluster: it can be stopped',
};

export function drawCluster(status: ClusterStatus): string {
  const { members } = status;
  const voters = members.filter(({ kind }) => kind === 'voter').length;
  const needed = Math.floor(voters / 2) + 1;
  const lines = [
    `cluster ${status.clusterId}, term ${String(status.term)}, ${leaderText(status)}`,
    `as seen by ${status.node}, ${STANDINGS[status.standing]}; committed up to entry ${String(status.commit)}, log from ${String(status.firstIndex)} to ${String(status.lastIndex)}, snapshot at ${String(status.snapshotIndex)}`,
  ];
  if (status.joint) lines.push('A CHANGE OF VOTERS IS UNDER WAY: majorities of the old and of the new ones are needed');
  if (status.transferringTo !== null) lines.push(`leadership is being handed over to ${status.transferringTo}`);
  if (status.storageTrouble !== null) lines.push(`THE DISK OF ${status.node} HAS FAILED: ${status.storageTrouble}`);
  if (members.length > 0) lines.push('', ...table([HEADS, ...members.map((member) => rowOf(member))]), '');
  for (const { id, trouble } of members) if (trouble !== null) lines.push(`! ${id}: ${trouble}`);
  for (const line of strangers(status)) lines.push(line);
  if (voters > 0) lines.push(marginText(members, voters, needed));
  return `${lines.join('\n')}\n`;
}

/** What may be lost is what is there beyond the majority: a voter that is down, or has no vote, was lost already. */
function marginText(members: readonly ClusterMember[], voters: number, needed: number): string {
  const lost = members.filter(({ kind, trouble, votes }) => kind === 'voter' && (trouble !== null || votes === false));
  const spare = voters - lost.length - needed;
  const without = lost.length === 0 ? '' : `; without ${lost.map(({ id }) => id).join(', ')}`;
  const margin = spare <= 0 ? 'NONE may be lost' : `${String(spare)} may be lost`;
  return `${counted(voters, 'voter')}, ${String(needed)} needed for every decision${without}: ${margin}`;
}

/** Former members that run on may be a cluster of their own, which acts on the same servers. */
function strangers({ turnedAway = [] }: ClusterStatus): readonly string[] {
  return turnedAway.map(
    ({ caller, from, reason }) =>
      `! ${caller === '' ? 'somebody' : caller} calls from ${from} and is REFUSED: ${reason}`,
  );
}

const HEADS = ['', 'NODE', 'ROLE', 'VOTE', 'ADDRESS', 'HOLDS', 'LACKS', 'HEARD', 'VERSION'];

function leaderText({ leader }: ClusterStatus): string {
  return leader === null ? 'NO LEADER IS KNOWN' : `${leader} leads`;
}

function rowOf(member: ClusterMember): readonly string[] {
  const { id, kind, isLeader, raftAddress, matchIndex, behind, lastHeardMs, version, sending, trouble, votes } = member;
  return [
    trouble === null ? (isLeader ? '*' : ' ') : '!',
    id,
    isLeader ? 'leader' : kind === 'learner' ? 'learner' : 'follower',
    kind === 'voter' && votes === false ? 'none yet' : kind,
    raftAddress,
    matchIndex === null ? '-' : String(matchIndex),
    behind === null ? '-' : sending === 'snapshot' ? 'snapshot' : String(behind),
    lastHeardMs === null ? '-' : ageText(lastHeardMs),
    version === '' ? '-' : version,
  ];
}

function ageText(ms: number): string {
  return ms < 1000 ? `${String(Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEADS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
