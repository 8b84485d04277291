import { expect, it } from 'vitest';
import { decide } from '../../../src/core/recovery/decision.js';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import type { ClusterId } from '../../../src/core/topology/server.js';
import { observed, serverId } from '../../support/facts.js';
import { FedLedger } from '../../support/ledger.js';
import { policyOf } from '../../support/policy.js';
import { sightsOf } from '../../support/sights.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };

it('a candidate that was asked for is refused where a recovery promotes nobody', () => {
  const fed = new FedLedger();
  const tree = { p: null, m: 'p', near: 'p', orphan: 'm' };
  for (const [at, [name, source]] of Object.entries(tree).entries()) {
    fed.feed({ kind: 'topology-observed', servers: [observed(name, source, { serverNumber: at + 1 })] });
  }
  const asked = (requestedCandidate: string | null): readonly string[] => {
    const clusterId = fed.clusterOf('m') as ClusterId;
    const gone = { server: serverId('m'), clusterId, code: 'DeadIntermediateMaster', description: 'gone' } as const;
    const question = { belief: fed.state, policy: policyOf(), sights: sightsOf({}), hasQuorum: true, forced: true };
    const problem = { ...gone, reaction: 'recover-dead-intermediate' } as const;
    const candidate = requestedCandidate === null ? null : serverId(requestedCandidate);
    return decide({ ...question, problem, requestedCandidate: candidate }, context).refusals.map(({ code }) => code);
  };
  expect(asked(null)).toEqual([]);
  expect(asked('near')).toEqual(['no-choice']);
});
