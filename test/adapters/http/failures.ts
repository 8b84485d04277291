/** The fixture's primary as dead, and a recovery from it, for tests of how both are shown. */
import type { Problem } from '../../../src/core/analysis/problem.js';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import { serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { type FakeService, FIRST, MAIN, SECOND } from './fake-service.js';

export function deadPrimary(service: FakeService): Problem {
  return {
    server: serverId(MAIN),
    clusterId: service.clusterId(),
    code: 'DeadMaster',
    description: 'Master cannot be reached by orchestrator and none of its replicas is replicating',
    severity: 'critical',
    reaction: 'recover-dead-primary',
    because: ['n1 and n2 were refused'],
  };
}

export function recoveryFrom(service: FakeService, id: string): Recovery {
  const participants = [
    { id: serverId(MAIN), host: 'main', port: 3306, role: 'primary' as const },
    { id: serverId(FIRST), host: 'read-replica-1', port: 3306, role: 'replica' as const },
    { id: serverId(SECOND), host: 'read-replica-2', port: 3306, role: 'replica' as const },
  ].map((participant) => ({
    ...participant,
    promotable: true,
    reason: '',
    preference: 0,
    tier: 0,
    servesOthers: true,
    start: true,
    cannotFollow: [],
  }));
  const base = recoveryOf(id, service.clusterId(), MAIN);
  return { ...base, inputs: { ...base.inputs, participants } };
}
