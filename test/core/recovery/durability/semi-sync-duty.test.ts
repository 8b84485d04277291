import { beforeEach, expect, it } from 'vitest';
import { dutyOfDead } from '../../../../src/core/recovery/durability/semi-sync.js';
import type { SemiSyncDuty } from '../../../../src/core/recovery/step.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { ServerFacts } from '../../../../src/core/topology/server.js';
import { factsOf, observed, serverId } from '../../../support/facts.js';
import { FedLedger, recoveryOf } from '../../../support/ledger.js';

const { semiSync: none } = factsOf();
const ACKER = { ...none, replicaEnabled: true };
const PROMISED = { timeoutMs: 10_000, waitCount: 1, ackers: 2 };
const FIRST = '1:1' as RecoveryId;

let fed: FedLedger;

beforeEach(() => {
  fed = new FedLedger();
  fed.feed({
    kind: 'topology-observed',
    servers: [
      observed('p', null, { semiSync: { ...ACKER, sourceEnabled: true, waitCount: 1, timeoutMs: 10_000 } }),
      ...['a', 'b', 'c'].map((name) => observed(name, 'p', { readOnly: true, semiSync: ACKER })),
    ],
  });
  const { inputs } = recoveryOf(FIRST, cluster().id, 'p');
  const recovery = recoveryOf(FIRST, cluster().id, 'p', { inputs: { ...inputs, semiSync: PROMISED } });
  fed.feed({ kind: 'recovery-opened', recovery });
  fed.feed({ kind: 'promoting', recoveryId: FIRST, server: serverId('a'), epoch: 1 });
  fed.feed({ kind: 'topology-observed', servers: ['b', 'c'].map((name) => below('a', name)) });
});

function cluster() {
  const found = fed.state.clusters.get(fed.clusterOf('p') ?? ('' as never));
  if (found === undefined) throw new Error('p is of a cluster');
  return found;
}

const below = (source: string, name: string): ReturnType<typeof observed> =>
  observed(name, source, { readOnly: true, semiSync: ACKER });

function dutyAfter(name: string): SemiSyncDuty | null {
  const of = (one: string) => {
    const server = fed.state.servers.get(serverId(one));
    if (server === undefined) throw new Error(`${one} is known`);
    return server;
  };
  return dutyOfDead(fed.state, cluster(), of(name), ['b', 'c'].map(of));
}

const seen = (facts: Partial<ServerFacts>): void => {
  fed.feed({ kind: 'topology-observed', servers: [observed('a', null, { readOnly: false, ...facts })] });
};

it('is what the promotion asked, of a primary that dies before anybody has seen it as one', () => {
  expect(dutyAfter('a')).toEqual({ ...PROMISED, ackers: 1 });
});

it('is what was seen of it, as soon as it was: an operator may have ended what was promised', () => {
  seen({ semiSync: { ...ACKER, sourceEnabled: true, waitCount: 2, timeoutMs: 5000 } });
  expect(dutyAfter('a')).toEqual({ timeoutMs: 5000, waitCount: 2, ackers: 1 });
  seen({ semiSync: ACKER });
  expect(dutyAfter('a')).toBeNull();
});
