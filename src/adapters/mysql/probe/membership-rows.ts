/** What a server says of its replication group and of its last clone. */
import type { Address } from '../../../core/topology/address.js';
import { replicationError } from '../../../core/topology/replication-error.js';
import type { CloneState, GroupMembership } from '../../../core/topology/server.js';
import type { Row } from '../table.js';

const STATES = ['ONLINE', 'RECOVERING', 'OFFLINE', 'ERROR', 'UNREACHABLE'] as const;

export interface GroupAnswers {
  /** group_replication_group_name; '' where the server belongs to none. */
  readonly name: string;
  readonly singlePrimary: boolean;
  readonly selfId: string;
  readonly members: readonly Row[];
  /** Up to 8.0.1 members have no roles, and the status variable group_replication_primary_member names the primary. */
  readonly primaryId: string;
}

export function membershipOf({
  name,
  singlePrimary,
  selfId,
  members,
  primaryId,
}: GroupAnswers): GroupMembership | null {
  if (name === '') return null;
  const self = members.find((row) => row.text('id') === selfId);
  const isPrimary = (row: Row): boolean =>
    primaryId === '' ? row.text('role') === 'PRIMARY' : row.text('id') === primaryId;
  const primaries = members.filter(isPrimary);
  const [primary] = primaries;
  return {
    name,
    singlePrimary,
    // The plugin is loaded and has not been started: the table has no row of this server, or one without an id.
    state: self === undefined ? 'OFFLINE' : (STATES.find((state) => state === self.text('state')) ?? 'unknown'),
    role: self === undefined ? '' : roleOf(self, primaryId, isPrimary(self)),
    others: members
      .filter((row) => row !== self && row.text('host') !== '')
      .map(addressOf)
      .sort(byAddress),
    primary: primary === undefined || primaries.length > 1 ? null : addressOf(primary),
  };
}

function roleOf(self: Row, primaryId: string, isPrimary: boolean): GroupMembership['role'] {
  if (isPrimary) return 'PRIMARY';
  return primaryId !== '' || self.text('role') === 'SECONDARY' ? 'SECONDARY' : '';
}

function addressOf(row: Row): Address {
  return { host: row.text('host'), port: row.number('port') ?? 0 };
}

function byAddress(one: Address, other: Address): number {
  if (one.host !== other.host) return one.host < other.host ? -1 : 1;
  return one.port - other.port;
}

const CLONE_STATES: Readonly<Record<string, CloneState['state']>> = {
  'not started': 'not-started',
  'in progress': 'in-progress',
  completed: 'completed',
  failed: 'failed',
};

/** Null where there is no plugin, or nothing was ever cloned into this server. */
export function cloneOf(rows: readonly Row[]): CloneState | null {
  const [row] = rows;
  const state = row === undefined ? undefined : CLONE_STATES[row.text('state').toLowerCase()];
  if (row === undefined || state === undefined) return null;
  return { state, donor: row.text('donor'), error: replicationError(row.number('number') ?? 0, row.text('text')) };
}
