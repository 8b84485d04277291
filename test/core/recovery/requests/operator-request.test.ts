// What an operator may ask for where the primary is a member of a replication group, or was one.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../../../src/core/recovery/decision.js';
import type { OperatorCommand, RecoveryId } from '../../../../src/core/recovery/recovery.js';
import { decideRequest } from '../../../../src/core/recovery/requests/operator-request.js';
import type { ClusterId, GroupMembership } from '../../../../src/core/topology/server.js';
import { addressOf, observed, serverId } from '../../../support/facts.js';
import { FedLedger } from '../../../support/ledger.js';
import { policyOf } from '../../../support/policy.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };
const answering = () => ({ answers: true, seenAtMs: null, vitals: null });

let fed: FedLedger;

/** Two members; below each of them a replica that is none. */
function feed(state: GroupMembership['state']): void {
  const group = { name: 'g-1', singlePrimary: true, state, others: [], primary: addressOf('g1') } as const;
  const secondary = { serverNumber: 2, readOnly: true, group: { ...group, role: 'SECONDARY' } } as const;
  fed.feed({
    kind: 'topology-observed',
    servers: [
      observed('g1', null, { serverNumber: 1, group: { ...group, role: state === 'OFFLINE' ? '' : 'PRIMARY' } }),
      observed('g2', null, secondary),
      observed('o1', 'g1', { serverNumber: 3 }),
      observed('o2', 'g2', { serverNumber: 4 }),
    ],
  });
}

function ask(command: OperatorCommand, candidate: string | null): Decision {
  const request = {
    command,
    clusterId: fed.clusterOf('g1') as ClusterId,
    server: null,
    candidate: candidate === null ? null : serverId(candidate),
  };
  const soft = { answers: () => true, lagSeconds: () => 0 };
  const known = { belief: fed.state, policy: policyOf(), sights: answering, soft, problems: [], hasQuorum: true };
  return decideRequest({ ...known, request }, context);
}

const inputs = ({ opening }: Decision) => (opening.ok ? opening.recovery.inputs : null);

beforeEach(() => {
  fed = new FedLedger();
});

describe('a forced failover of the primary of a replication group', () => {
  beforeEach(() => {
    feed('ONLINE');
  });

  it('is refused where nobody is named: the group would elect a primary beside the one that was promoted', () => {
    const message = expect.stringMatching(/^ForceMasterFailover: g1:3306 is of the replication group g-1/) as string;
    const mend = expect.stringContaining('-c force-master-takeover -i g1:3306 -d HOST:PORT') as string;
    expect(ask('force-master-failover', null).refusals).toMatchObject([{ code: 'group', message, mend }]);
  });

  it.each(['o1', 'o2'])('to %s outside of it takes the replicas of every member along', (candidate) => {
    const decision = ask('force-master-takeover', candidate);
    expect(decision.refusals).toEqual([]);
    const follows = inputs(decision)?.participants.map((one) => [one.id, one.role, one.follows ?? null]);
    expect(follows?.sort()).toEqual([
      ['g1', 'primary', null],
      ['o1', 'replica', null],
      ['o2', 'replica', 'g2'],
    ]);
    expect(inputs(decision)?.requestedCandidate).toBe(candidate);
  });

  it('to another member is the affair of the group', () => {
    expect(ask('force-master-takeover', 'g2').refusals).toMatchObject([{ code: 'group' }]);
  });
});

it('a server that left its group for good is like any other, whatever its settings name', () => {
  feed('OFFLINE');
  for (const command of ['force-master-failover', 'graceful-master-takeover-auto'] as const) {
    const decision = ask(command, null);
    expect(decision.refusals).toEqual([]);
    expect(inputs(decision)?.participants.map(({ id }) => id)).toEqual(['g1', 'o1']);
  }
});
