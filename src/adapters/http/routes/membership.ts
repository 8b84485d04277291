/**
 * The members of our own cluster: shown to everybody, changed by administrators. Changes run on the leader and answer when
 * they are done, or after `wait` seconds with what is still missing; asked for again they go on from there. Beside them the
 * incumbent's routes, with its answers.
 */
import { parseAddress } from '../../../core/topology/address.js';
import { NotLeader } from '../../../runtime/ports/consensus-errors.js';
import type { ClusterMember, ClusterStatus, MembershipChange } from '../../../runtime/ports/membership.js';
import { bare, declined, done, type Reply, refused } from '../reply.js';
import { aboutNode, type Call, type Door, type Route } from '../route.js';

const WAIT_SECONDS = 60;
/** Below the time that a follower waits for the leader's answer. */
const WAIT_SECONDS_MAX = 120;
const SNAPSHOT_MS = 60_000;
/** The incumbent's. */
const RAFT_PORT = 10_008;

/** Tells the dispatcher that the leader gave leadership away first, did nothing else, and that its successor is to be asked. */
export const HANDED_OVER = 'x-orchestrator-handed-over';

export const MEMBERSHIP_ROUTES: readonly Route[] = [
  {
    path: '/api/v1/raft/status',
    access: 'relayed',
    role: 'viewer',
    answer: async (_call, door) => bare(await door.membership.status()),
  },
  change('/api/v1/raft/add/:member', (call) => ({
    verb: 'add',
    ...memberOf(call.param('member')),
    learner: isSet(call.query('learner')),
    despiteDeadVoters: isSet(call.query('despite-dead-voters')),
  })),
  change('/api/v1/raft/promote/:id', (call) => ({ verb: 'promote', ...named(call) })),
  change('/api/v1/raft/remove/:id', (call) => ({ verb: 'remove', ...named(call) })),
  change('/api/v1/raft/replace/:old/:member', (call) => ({
    verb: 'replace',
    old: call.param('old'),
    ...memberOf(call.param('member')),
    despiteDeadVoters: isSet(call.query('despite-dead-voters')),
  })),
  change('/api/v1/raft/transfer', () => ({ verb: 'transfer', to: null })),
  change('/api/v1/raft/transfer/:id', (call) => ({ verb: 'transfer', to: call.param('id') })),
  {
    ...aboutNode('/api/v1/raft/snapshot', async (_call, door) => {
      const index = await door.membership.snapshot(door.nowMs() + SNAPSHOT_MS);
      return done(`the log up to entry ${String(index)} is a snapshot`, { index });
    }),
    role: 'admin',
  },

  legacy('/api/raft-add-peer/:addr', (call) => {
    const address = parseAddress(call.param('addr'), RAFT_PORT);
    if (!address.ok) return null;
    const { host, port } = address.value;
    const text = `${host}:${String(port)}`;
    return {
      change: { verb: 'add', id: null, address: text, learner: false, despiteDeadVoters: false },
      answer: () => bare(text),
    };
  }),
  legacy('/api/raft-remove-peer/:addr', (call, status) => {
    const member = findMember(status, call.param('addr'));
    if (member === null) return null;
    return {
      change: { verb: 'remove', id: member.id, despiteDeadVoters: false },
      answer: () => bare(member.raftAddress),
    };
  }),
  legacy('/api/raft-yield/:node', (call, status) => {
    const member = findMember(status, call.param('node'));
    if (member === null) return null;
    return { change: { verb: 'transfer', to: member.id }, answer: () => done('Asynchronously yielded', null) };
  }),
  legacy('/api/raft-yield-hint/:hint', (call, status) => {
    const hint = call.param('hint');
    const fitting = status.members.filter((member) => member.kind === 'voter' && hostsOf(member).includes(hint));
    const to = (fitting.find(({ isLeader }) => isLeader) ?? fitting.find(({ trouble }) => trouble === null))?.id;
    if (to === undefined) return null;
    return { change: { verb: 'transfer', to }, answer: () => done(`Asynchronously yielded by hint ${hint}`, hint) };
  }),
  legacy('/api/reelect', () => ({
    change: { verb: 'transfer', to: null },
    answer: () => done('Set re-elections', null),
  })),
  {
    ...aboutNode('/api/raft-snapshot', async (_call, door) => {
      if (!door.service.node().raftEnabled) return refused('raft-snapshot: not running with raft setup');
      await door.membership.snapshot(door.nowMs() + SNAPSHOT_MS);
      return bare('snapshot created');
    }),
    role: 'admin',
  },
  // Followers of the incumbent reported here that they are well; ours say so in every heartbeat.
  aboutNode('/api/raft-follower-health-report/:authenticationToken/:raftBind/:raftAdvertise', () =>
    bare('health reported'),
  ),
];

function change(path: string, changeOf: (call: Call) => MembershipChange): Route {
  return {
    path,
    access: 'write',
    role: 'admin',
    answer: (call, door) =>
      atLeader(async () => {
        const outcome = await door.membership.change(changeOf(call), deadlineOf(call, door));
        return outcome.ok ? done(outcome.value.message, outcome.value) : declined(outcome.refusal);
      }),
  };
}

interface LegacyChange {
  readonly change: MembershipChange;
  readonly answer: () => Reply;
}

/** `meant` answers null for a node that the cluster does not know. */
function legacy(path: string, meant: (call: Call, status: ClusterStatus) => LegacyChange | null): Route {
  const name = path.split('/')[2] ?? path;
  return {
    path,
    access: 'write',
    role: 'admin',
    answer: (call, door) =>
      atLeader(async () => {
        if (!door.service.node().raftEnabled) return refused(`${name}: not running with raft setup`);
        const status = await door.membership.status();
        const wish = meant(call, status);
        if (wish === null) {
          const known = status.members.map(({ raftAddress }) => raftAddress).join(', ');
          return refused(`${name}: no such node; this cluster has ${known}`);
        }
        const outcome = await door.membership.change(wish.change, deadlineOf(call, door));
        if (!outcome.ok) return declined(outcome.refusal);
        return outcome.value.done ? wish.answer() : refused(`${outcome.value.message}; ask again`);
      }),
  };
}

async function atLeader(act: () => Promise<Reply>): Promise<Reply> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof NotLeader)) throw error;
    return refused(`${error.message}: nothing was done; ask again in a moment`, null, {
      'x-orchestrator-error': error.code,
      [HANDED_OVER]: error.leader ?? '',
    });
  }
}

function deadlineOf(call: Call, door: Door): number {
  const given = Number(call.query('wait') || WAIT_SECONDS);
  const seconds = Number.isFinite(given) ? Math.min(Math.max(given, 0), WAIT_SECONDS_MAX) : WAIT_SECONDS;
  return door.nowMs() + seconds * 1000;
}

function named(call: Call): { readonly id: string; readonly despiteDeadVoters: boolean } {
  return { id: call.param('id'), despiteDeadVoters: isSet(call.query('despite-dead-voters')) };
}

/** `ID@ADDRESS`, or an address alone: whoever answers there. */
function memberOf(text: string): { readonly id: string | null; readonly address: string } {
  const at = text.lastIndexOf('@');
  return at < 0 ? { id: null, address: text } : { id: text.slice(0, at), address: text.slice(at + 1) };
}

function isSet(text: string): boolean {
  return !['', '0', 'false'].includes(text);
}

function findMember({ members }: ClusterStatus, text: string): ClusterMember | null {
  return (
    members.find(({ id, raftAddress }) => id === text || raftAddress === text) ??
    members.find(({ raftAddress }) => raftAddress.startsWith(`${text}:`)) ??
    null
  );
}

function hostsOf({ raftAddress, httpAddress, id }: ClusterMember): string {
  return [raftAddress, httpAddress, id].join(' ');
}
