// What speaks against a way back before anything is done, as far as the leader can know it.
import { beforeEach, describe, expect, it } from 'vitest';
import { openWayBack } from '../../../../src/core/recovery/openings/way-back.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { WayBack } from '../../../../src/core/recovery/ways-back/returns.js';
import type { ServerFacts } from '../../../../src/core/topology/server.js';
import { channelTo, observed, serverId } from '../../../support/facts.js';
import { FedLedger } from '../../../support/ledger.js';
import { policyOf } from '../../../support/policy.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };
const soft = { answers: () => true, lagSeconds: () => 0 };

let fed: FedLedger;

function see(name: string, serverNumber: number, source: string | null, facts: Partial<ServerFacts> = {}): void {
  fed.feed({
    kind: 'topology-observed',
    servers: [observed(name, source, { serverNumber, gtidMode: 'ON', ...facts })],
  });
}

function refusals(way: WayBack): readonly string[] {
  const opening = openWayBack(fed.state, policyOf({}), { way, server: serverId('r'), donor: null }, soft, context);
  return opening.ok ? [] : opening.refusals.map(({ code }) => code);
}

describe('a replica that was set apart', () => {
  const apart = { channels: [channelTo('p', { ioThread: 'stopped' })] };

  beforeEach(() => {
    fed = new FedLedger();
    see('p', 1, null);
    see('r', 2, 'p');
  });

  it('is not reset while somebody has opened it: what it has is not final, and nothing in the plan closes it', () => {
    see('r', 2, 'p', { ...apart, readOnly: false, superReadOnly: false });
    expect(refusals('reset-gtids')).toEqual(['takes-writes']);
    expect(refusals('inject-empty')).toEqual([]);
  });

  it('is reset when it is closed', () => {
    see('r', 2, 'p', { ...apart, readOnly: true, superReadOnly: false });
    expect(refusals('reset-gtids')).toEqual([]);
  });
});

describe('a copy', () => {
  const right = (privilege: string) => ({ privilege, purpose: 'a copy', mend: `GRANT ${privilege} ON *.* TO 'o'` });
  const asked = () => {
    const wish = { way: 'rebuild', server: serverId('r'), donor: null } as const;
    const opening = openWayBack(fed.state, policyOf({}), wish, soft, context);
    return opening.ok ? [] : opening.refusals.map(({ code, mend }) => [code, mend]);
  };

  beforeEach(() => {
    fed = new FedLedger();
    see('p', 1, null);
    see('r', 2, 'p', { channels: [channelTo('p', { ioThread: 'stopped' })] });
  });

  it('is refused with the GRANT where the account lacks what the donor or who receives it needs, and not otherwise', () => {
    expect(asked()).toEqual([]);
    see('p', 1, null, { missingCopyRights: [right('CLONE_ADMIN')] });
    expect(asked()).toEqual([]);
    see('p', 1, null, { missingCopyRights: [right('BACKUP_ADMIN'), right('INSERT')] });
    expect(asked()).toEqual([
      ['missing-grant', "GRANT BACKUP_ADMIN ON *.* TO 'o'"],
      ['missing-grant', "GRANT INSERT ON *.* TO 'o'"],
    ]);
  });
});
