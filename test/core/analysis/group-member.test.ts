import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/analysis/diagnose.js';
import type { GroupMembership } from '../../../src/core/topology/server.js';
import { type EvidenceChanges, evidenceOf, judgementOf } from '../../support/evidence.js';

const GROUP: GroupMembership = {
  name: 'aaaaaaaa-0000-0000-0000-000000000000',
  singlePrimary: true,
  state: 'ONLINE',
  role: 'PRIMARY',
  others: [],
  primary: null,
};

function codeOf(changes: EvidenceChanges, group: Partial<GroupMembership> = {}): string | null {
  return diagnose(evidenceOf({ ...changes, facts: { group: { ...GROUP, ...group } } }))?.code ?? null;
}

const CODE = 'DeadReplicationGroupMemberWithReplicas';
const dead: EvidenceChanges = { reach: 'unreachable', judgement: judgementOf('dead') };

describe('a member of a replication group with replicas of its own', () => {
  it('that is found dead has a problem of its own, and is not failed over: the group does that', () => {
    expect(codeOf(dead)).toBe(CODE);
    expect(codeOf({ ...dead, isPrimary: false }, { role: 'SECONDARY' })).toBe(CODE);
    expect(codeOf({ ...dead, judgement: judgementOf('dead-and-some-replicas') })).toBe(CODE);
    expect(diagnose(evidenceOf({ ...dead, facts: { group: GROUP } }))?.reaction).toBe('recover-dead-group-member');
  });

  it('has none while one of them replicates, when it has none, or when it can be reached', () => {
    const alone = { reach: 'unreachable', judgement: null } as const;
    expect(codeOf({ ...alone, replicas: { replicating: 0 } })).toBe(CODE);
    const seenAlone = evidenceOf({ ...alone, replicas: { replicating: 0 }, facts: { group: GROUP } });
    expect(diagnose(seenAlone)?.reaction).toBe('examine');
    expect(codeOf({ ...alone, replicas: { replicating: 1 } })).toBeNull();
    expect(codeOf({ ...alone, replicas: { known: 0, replicating: 0 } })).toBeNull();
    expect(codeOf({ replicas: { replicating: 0 } })).toBeNull();
  });

  it('that has left its group is a server like any other', () => {
    expect(codeOf(dead, { state: 'OFFLINE' })).toBe('DeadMaster');
  });
});
