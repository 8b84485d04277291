/**
 * Opens one of the three ways back that an operator may ask for, or says why it would be unsafe, with every reason. What
 * only the servers themselves can say is looked at by the playbook before its first change.
 */
import { addressText } from '../../topology/address.js';
import { isWritable, type Server, type ServerId } from '../../topology/server.js';
import { type Belief, directReplicasOf, refusal, type Refusal } from '../belief.js';
import {
  type Candidacy,
  donorParticipant,
  formerParticipant,
  participantsOf,
  primaryParticipant,
} from '../choice/candidates.js';
import { chooseDonor, missingForCopy, whyNotCloning, whyNotDonor } from '../ways-back/donors.js';
import { followsPrimary } from '../ways-back/lost-replicas.js';
import type { RecoveryPolicy } from '../policy.js';
import type { Participant } from '../recovery.js';
import type { WayBack } from '../ways-back/returns.js';
import { WAYS_BY_NAME } from '../ways-back/way-names.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';
import type { SoftState } from './graceful-takeover.js';

const RESTORE = 'restore a backup of its primary on it by hand (xtrabackup, mariabackup, mysqldump)';

export interface WayBackWish {
  readonly way: WayBack;
  readonly server: ServerId;
  /** rebuild: whose copy it is to be; null: the best one. */
  readonly donor: ServerId | null;
}

export function openWayBack(
  belief: Belief,
  policy: RecoveryPolicy,
  wish: WayBackWish,
  soft: SoftState,
  context: OpeningContext,
): Opening {
  const server = belief.servers.get(wish.server);
  const cluster = server === undefined ? undefined : belief.clusters.get(server.clusterId);
  const primary = cluster === undefined ? undefined : belief.servers.get(cluster.primary);
  if (server === undefined || cluster === undefined) {
    return refused(refusal('unknown-server', `server ${wish.server} is not known`, 'discover it'));
  }
  const name = addressText(server.address);
  const noCopy = wish.way === 'rebuild' ? whyNotCloning(server) : null;
  if (noCopy !== null) return refused(refusal('no-clone', noCopy, RESTORE));
  if (primary === undefined) {
    return refused(refusal('no-primary', `the cluster of ${name} has no primary to follow`, 'discover the primary'));
  }
  if (primary.id === server.id) {
    return refused(refusal('is-primary', `${name} is the primary of its cluster`, 'name a server that is not'));
  }
  const donor = wish.way === 'rebuild' ? chooseDonor(belief, server, primary, wish.donor, soft) : null;
  const objections = [
    ...unreachable([server, primary], soft),
    ...(wish.way === 'rebuild' ? withoutDonor(server, donor, wish.donor, belief) : nothingToBringBack(belief, server)),
    ...(donor === null ? [] : missingForCopy(donor, server)),
    ...hasReplicas(belief, server, wish.way),
    ...takesWrites(belief, server, wish.way),
    ...unfitFlavor(server, wish.way),
  ];
  if (objections.length > 0) return refused(...objections);
  const others = donor === null || donor.id === primary.id ? [] : [donorParticipant(donor)];
  return opened(
    context,
    {
      kind: wish.way,
      clusterId: cluster.id,
      code: 'WayBack',
      description: describe(wish.way, name, addressText(primary.address), donor),
      failed: server.id,
    },
    {
      participants: [
        primaryParticipant(primary, [server], policy.replication),
        ownParticipant(belief, server, primary, policy),
        ...others,
      ],
      epoch: cluster.epoch + 1,
      requestedCandidate: null,
      startFormerPrimary: true,
      applyLimitMs: policy.applyLimitMs,
      semiSync: null,
      forced: true,
    },
  );
}

/** One that was the primary is fenced; any other is a replica that stops fetching. */
function isReplica(belief: Belief, { id, facts }: Server): boolean {
  return facts.channels.length > 0 && !belief.demotions.has(id);
}

function ownParticipant(belief: Belief, server: Server, primary: Server, policy: RecoveryPolicy): Participant {
  const candidacy: Candidacy = {
    server,
    keptStopped: false,
    refusals: [refusal('returns', 'comes back as a replica', 'wait until it replicates')],
  };
  const [replica] = participantsOf([candidacy], primary, [], policy.replication);
  return replica !== undefined && isReplica(belief, server)
    ? replica
    : { ...formerParticipant(server), cannotFollow: replica?.cannotFollow ?? [] };
}

function describe(way: WayBack, name: string, primary: string, donor: Server | null): string {
  switch (way) {
    case 'inject-empty':
      return `${name} comes back below ${primary}: empty transactions stand there for those that it alone has`;
    case 'reset-gtids':
      return `${name} comes back below ${primary}: its own transactions are kept aside and forgotten`;
    case 'rebuild':
      return `${name} comes back below ${primary} as a copy of ${donor === null ? primary : addressText(donor.address)}`;
  }
}

function unreachable(servers: readonly Server[], soft: SoftState): readonly Refusal[] {
  return servers
    .filter(({ id }) => !soft.answers(id))
    .map(({ address }) => refusal('does-not-answer', `${addressText(address)} does not answer`, 'bring it back first'));
}

/** A healthy replica has nothing to bring back; stopping it would only take it out of service. */
function nothingToBringBack(belief: Belief, server: Server): readonly Refusal[] {
  if (!followsPrimary(belief, server)) return [];
  const name = addressText(server.address);
  return [
    refusal(
      'replicates',
      `${name} replicates from the primary of its cluster`,
      'stop its replication first, if you mean it',
    ),
  ];
}

function hasReplicas(belief: Belief, server: Server, way: WayBack): readonly Refusal[] {
  if (way === 'inject-empty') return [];
  const replicas = directReplicasOf(belief, server).map(({ address }) => addressText(address));
  if (replicas.length === 0) return [];
  const text = `${addressText(server.address)} has replicas (${replicas.join(', ')}), which would lose what they follow`;
  return [refusal('has-replicas', text, 'move them below another server first')];
}

/** Only a former primary is fenced by the plan: a replica that somebody opened would go on collecting what is to be forgotten. */
function takesWrites(belief: Belief, server: Server, way: WayBack): readonly Refusal[] {
  if (way !== 'reset-gtids' || !isReplica(belief, server) || !isWritable(server.facts)) return [];
  const name = addressText(server.address);
  const mend = `close it first: orchestrator-client -c set-read-only -i ${name}`;
  return [refusal('takes-writes', `${name} takes writes, so what it has is not final`, mend)];
}

function unfitFlavor({ facts, address }: Server, way: WayBack): readonly Refusal[] {
  const name = addressText(address);
  if (facts.flavor === 'MariaDB') {
    return [
      refusal('mariadb', `${name} is a MariaDB server: no way back by ${WAYS_BY_NAME.nameOf(way)} is known`, RESTORE),
    ];
  }
  if (facts.gtidMode === 'ON') return [];
  return [refusal('no-gtid', `${name} has gtid_mode=${facts.gtidMode || 'OFF'}`, RESTORE)];
}

function withoutDonor(
  server: Server,
  donor: Server | null,
  wanted: ServerId | null,
  belief: Belief,
): readonly Refusal[] {
  const asked = wanted === null ? undefined : belief.servers.get(wanted);
  if (wanted !== null && asked === undefined) {
    return [refusal('unknown-server', `the donor ${wanted} is not known`, 'discover it')];
  }
  if (asked !== undefined) {
    const why = whyNotDonor(belief, server, asked);
    if (why === null) return [];
    return [refusal('unfit-donor', `${addressText(asked.address)} cannot be the donor: ${why}`, 'name another')];
  }
  if (donor !== null) return [];
  const text = `no server of its cluster can be copied to ${addressText(server.address)}`;
  return [refusal('no-donor', text, 'bring a server of the same version and release back, MySQL 8.0.17 or later')];
}
