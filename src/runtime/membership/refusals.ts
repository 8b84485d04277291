/** Every "no" to a change of membership, with the next step in it. */
import type { ConsensusStatus } from '../ports/consensus.js';
import type { Refusal } from '../ports/service.js';

export const NO = {
  notAMember: (id: string, { membership }: ConsensusStatus): Refusal => {
    const known = [...membership.voters, ...membership.learners].join(', ');
    return { code: 'NOT_A_MEMBER', message: `${id} is no member of this cluster; its members are ${known}` };
  },
  isVoter: (id: string): Refusal => ({ code: 'ALREADY_A_VOTER', message: `${id} is a voter already` }),
  noPort: (address: string): Refusal => ({
    code: 'BAD_REQUEST',
    message: `"${address}" has no port: give HOST:PORT, with the port of the new node's RaftBind`,
  }),
  nobodyThere: (address: string, why: string): Refusal => ({
    code: 'NOT_REACHABLE',
    message: `${why}. Start the node at ${address} first, with RaftJoin and RaftNodes naming a member of this cluster`,
  }),
  anotherNode: (address: string, found: string, wanted: string): Refusal => ({
    code: 'ANOTHER_NODE',
    message: `${address} is node ${found}, and ${wanted} was to be added: give its own id, or leave the id out`,
  }),
  anotherCluster: (id: string, theirs: string, ours: string): Refusal => ({
    code: 'ANOTHER_CLUSTER',
    message: `${id} belongs to cluster ${theirs}, this is cluster ${ours}: stop it, empty its RaftDataDir, and start it with RaftJoin and RaftNodes naming a member of this cluster`,
  }),
  tooOld: (id: string, version: string): Refusal => ({
    code: 'TOO_OLD',
    message: `${id} runs version ${version}, which cannot read the commands of this cluster: upgrade the program there first`,
  }),
  idTaken: (id: string, address: string): Refusal => ({
    code: 'ID_TAKEN',
    message: `${id} is a member already, at ${address}: a member that moved tells its new address by itself when it starts on its data; a new node needs an id (RaftAdvertise) of its own`,
  }),
  addressTaken: (address: string, id: string): Refusal => ({
    code: 'ADDRESS_TAKEN',
    message: `${id} is at ${address} already: two members cannot share an address`,
  }),
  lastVoter: (id: string): Refusal => ({
    code: 'LAST_VOTER',
    message: `${id} is the only voter: add another one before it is removed`,
  }),
  noMajority: (dead: readonly string[], voters: number, missing: number): Refusal => ({
    code: 'NO_LIVE_MAJORITY',
    message:
      `of the ${String(voters)} voters that there would be, ${dead.join(', ')} ${dead.length === 1 ? 'does' : 'do'} not answer, and ${String(missing)} more would be needed for a majority: ` +
      'the cluster would stand still until they are back. Bring them back or remove them first; --despite-dead-voters does it all the same',
  }),
  noSuccessor: (why: string): Refusal => ({
    code: 'NO_SUCCESSOR',
    message: `no other voter can take over: ${why}`,
  }),
  noVote: (id: string): Refusal => ({
    code: 'NO_VOTE_YET',
    message: `${id} holds the log and does not vote yet; ask again in a moment`,
  }),
} as const;
