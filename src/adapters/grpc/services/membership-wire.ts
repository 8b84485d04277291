/** The Membership service of proto/orchestrator.proto as the loader hands it out, and its words as the port's. */
import type { ServiceDefinition, MethodDefinition } from '@grpc/grpc-js';
import type { ChangeOutcome, ClusterStatus, MembershipChange } from '../../../runtime/ports/membership.js';
import { loadService } from '../proto-service.js';

/** The fields of all changes; the loader fills in those that a message has not. */
export interface WireChangeRequest {
  readonly id: string;
  readonly oldId?: string;
  readonly address?: string;
  readonly learner?: boolean;
  readonly despiteDeadVoters?: boolean;
  readonly waitMs: number;
}

export interface WireChangeResponse {
  readonly done: boolean;
  readonly message: string;
  readonly matchIndex: number;
  readonly lastIndex: number;
}

export const CHANGES = ['Add', 'Promote', 'Remove', 'Replace', 'Transfer'] as const;
export type ChangeName = (typeof CHANGES)[number];

export type MembershipService = ServiceDefinition & {
  readonly [Name in ChangeName]: MethodDefinition<WireChangeRequest, WireChangeResponse>;
};

export function loadMembershipService(): MembershipService {
  return loadService<MembershipService>('clients', 'Membership', [...CHANGES, 'Status', 'Snapshot']);
}

export function changeOf(name: ChangeName, request: WireChangeRequest): MembershipChange {
  const { id, oldId = '', address = '', learner = false, despiteDeadVoters = false } = request;
  const named = id === '' ? null : id;
  switch (name) {
    case 'Add':
      return { verb: 'add', id: named, address, learner, despiteDeadVoters };
    case 'Promote':
      return { verb: 'promote', id, despiteDeadVoters };
    case 'Remove':
      return { verb: 'remove', id, despiteDeadVoters };
    case 'Replace':
      return { verb: 'replace', old: oldId, id: named, address, despiteDeadVoters };
    case 'Transfer':
      return { verb: 'transfer', to: named };
  }
}

export function toWireOutcome({ done, message, progress }: ChangeOutcome): WireChangeResponse {
  return { done, message, matchIndex: progress?.matchIndex ?? 0, lastIndex: progress?.lastIndex ?? 0 };
}

export function toWireStatus(status: ClusterStatus): object {
  return {
    ...status,
    leader: status.leader ?? '',
    members: status.members.map(({ trouble, matchIndex, lastHeardMs, ...member }) => ({
      ...member,
      trouble: trouble ?? '',
      ...(matchIndex === null ? {} : { matchIndex }),
      ...(lastHeardMs === null ? {} : { lastHeardMs }),
    })),
  };
}
