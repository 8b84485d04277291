import { beforeEach, describe, expect, it } from 'vitest';
import { strandedRefusals } from '../../../../src/core/recovery/explain/stranded.js';
import { observed, serverId } from '../../../support/facts.js';
import { FedLedger, recoveryOf } from '../../../support/ledger.js';

let fed: FedLedger;

/** p was replaced by r1, which was gone before r2 was pointed at it. */
beforeEach(() => {
  fed = new FedLedger();
  fed.feed({ kind: 'topology-observed', servers: [observed('p'), observed('r1', 'p'), observed('r2', 'p')] });
  const id = fed.clusterOf('p');
  if (id === undefined) throw new Error('p has a cluster');
  const recovery = recoveryOf('1:a', id, 'p');
  fed.feed({ kind: 'recovery-opened', recovery });
  fed.feed({ kind: 'promoting', recoveryId: recovery.id, server: serverId('r1'), epoch: 1 });
  const verdict = { kind: 'failed', reason: 'r1 was promoted and is gone' } as const;
  fed.feed({ kind: 'recovery-closed', recoveryId: recovery.id, verdict, lost: [] });
});

const asked = () => {
  const primary = fed.state.servers.get(serverId('r1'));
  if (primary === undefined) throw new Error('r1 is known');
  return strandedRefusals(fed.state, primary);
};

describe('a primary that was gone before anybody was pointed at it', () => {
  it('is named, with those who were left behind and the command that promotes one of them', () => {
    expect(asked()).toMatchObject([
      {
        code: 'stranded',
        message: expect.stringContaining('r2:3306 still follow p:3306') as string,
        mend: expect.stringContaining('force-master-takeover -i r1:3306 -d r2:3306') as string,
      },
    ]);
  });

  it('is a primary like others as soon as somebody follows it', () => {
    fed.feed({ kind: 'topology-observed', servers: [observed('r2', 'r1')] });
    expect(asked()).toEqual([]);
  });
});
