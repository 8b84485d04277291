/**
 * `raft recover`: the way out when a majority is lost for good. On the data of a node that does not run it writes one more
 * membership, with this node as the only voter, and gives the cluster another id, so that former members that come back are
 * told apart and turned away. What the others acknowledged and this node never got is lost by it; so it looks first, says
 * loudly what it is about to do, and does it only when told so twice.
 */
import { randomBytes } from 'node:crypto';
import { FileSnapshotStore } from '../../adapters/level/file-snapshot-store.js';
import { identityOf, renameCluster } from '../../adapters/level/identity-file.js';
import { LevelLogStore } from '../../adapters/level/level-log-store.js';
import { decodeMembership, encodeMembership } from '../../core/raft/membership-codec.js';
import type { Entry, Membership, NodeId } from '../../core/raft/message.js';
import { OperationalError } from '../../runtime/errors.js';
import { readDisk, type Restart } from '../../runtime/raft-worker/restart.js';
import type { RaftConfig } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import type { RaftRequest } from './command-line.js';
import { faultsText, type Terminal } from './config-check.js';

/** The exit code. */
export async function recoverNode(request: RaftRequest, terminal: Terminal): Promise<number> {
  const loaded = await loadConfig({ file: request.file, environment: process.env });
  if (!loaded.ok) {
    terminal.err(faultsText(loaded.error));
    return 1;
  }
  const { raft } = loaded.value.config;
  try {
    return await recover(raft, request, terminal);
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    terminal.err(`${error.message}
`);
    return 1;
  }
}

async function recover(raft: RaftConfig, request: RaftRequest, terminal: Terminal): Promise<number> {
  const identity = await identityOf(raft.dataDir);
  if (typeof identity?.nodeId !== 'string') {
    terminal.err(`${raft.dataDir} holds no node: is --config the file of the node that is to survive?\n`);
    return 1;
  }
  const id = identity.nodeId as NodeId;
  const store = new LevelLogStore(raft.dataDir);
  const restart = await readDisk(id, foundersOf(raft), store, new FileSnapshotStore(raft.dataDir));
  try {
    terminal.out(holdings(id, restart));
    if (!request.asOnlyVoter || !request.acceptDataLoss) {
      terminal.err(warning(id));
      return request.asOnlyVoter || request.acceptDataLoss ? 2 : 0;
    }
    const clusterId = randomBytes(16).toString('hex');
    await renameCluster(raft.dataDir, clusterId);
    await writeMembership(id, raft.advertise, restart, store);
    terminal.out(done(id, clusterId));
    return 0;
  } finally {
    await store.close();
  }
}

async function writeMembership(id: NodeId, address: string, { start }: Restart, store: LevelLogStore): Promise<void> {
  const { index, term } = lastOf(start);
  const next = Math.max(start.hardState.term, term) + 1;
  const membership: Membership = { voters: [id], outgoing: [], learners: [], addresses: { [id]: address } };
  const entry: Entry = { index: index + 1, term: next, kind: 'membership', payload: encodeMembership(membership) };
  const commit = Math.min(start.hardState.commit, index);
  await store.append({ hardState: { term: next, vote: id, commit }, restart: null, entries: [entry] });
  // Whatever it forgot, nobody is left who could tell it.
  await store.setForgot(false);
}

/** The log of a cluster whose members are still its founders does not name them: the configuration does, as at the start. */
function foundersOf({ members }: RaftConfig): Membership {
  const voters = members.map(({ id }) => id as NodeId);
  const addresses = Object.fromEntries(members.map(({ id, address }) => [id, address]));
  return { voters, outgoing: [], learners: [], addresses };
}

function lastOf({ entries, snapshot }: Restart['start']): { readonly index: number; readonly term: number } {
  const last = entries.at(-1);
  return last !== undefined && last.index >= snapshot.index ? last : snapshot;
}

function membershipOf({ entries, snapshot }: Restart['start']): Membership {
  const newest = entries.findLast(({ kind }) => kind === 'membership');
  return newest !== undefined && newest.index > snapshot.index ? decodeMembership(newest.payload) : snapshot.membership;
}

function holdings(id: NodeId, { start, fresh }: Restart): string {
  const { index, term } = lastOf(start);
  const { voters, outgoing, learners } = membershipOf(start);
  const known = [...new Set([...voters, ...outgoing, ...learners])].filter((member) => member !== id);
  const lines = [
    `${id} holds the log up to entry ${String(index)} of term ${String(term)}; it knows that ${String(start.hardState.commit)} were committed`,
    known.length === 0 ? 'it knows of no other members' : `the other members that it knows: ${known.join(', ')}`,
  ];
  if (fresh) lines.push('ITS LOG IS EMPTY: it can keep nothing of the cluster alive');
  if (start.learnerOnly === true) lines.push('ITS DISK LOST SOMETHING: any other survivor is a better choice');
  return `${lines.join('\n')}\n`;
}

function warning(id: NodeId): string {
  return `
NOTHING WAS CHANGED. With --as-only-voter --accept-data-loss, ${id} becomes the only voter of a new cluster.

  * What the other members acknowledged and ${id} does not hold IS LOST, without a trace. Look at every survivor with this
    command, and take the one whose last entry has the highest term, and of those the highest entry.
  * THE OTHERS MUST NEVER RUN AGAIN ON THEIR DATA. A majority of them would be a second cluster that acts on the same MySQL
    servers. Stop them, and empty their RaftDataDir, before you go on.
  * If a majority can be brought back at all, bring it back instead: nothing is lost then.
`;
}

function done(id: NodeId, clusterId: string): string {
  return `
${id} is the only voter now, of cluster ${clusterId}. Next:
  1. start it; "orchestrator raft status" must show it as leader
  2. on each other machine: empty RaftDataDir, set RaftJoin to true and RaftNodes to name ${id}, start the node
  3. for each: orchestrator raft add HOST:PORT
`;
}
