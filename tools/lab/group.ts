// A replication group of real servers (MySQL 9.7, single-primary), and one replica outside it that follows a secondary.
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './free-ports.js';
import type { LabServer } from './lab-server.js';
import type { MySqlLab, ServerOptions } from './mysql-lab.js';

const NAME = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
/** What the plugin brings is more than a lab server counts as a rule. */
const EXTRA = ['performance_schema_max_mutex_classes=350'];
const MEMBERS = 3;
const ONLINE_MS = 120_000;

export interface Group {
  /** The primary first. */
  readonly members: readonly LabServer[];
  readonly outside: LabServer;
}

export async function openGroup(lab: MySqlLab, options: Pick<ServerOptions, 'door'> = {}): Promise<Group> {
  const servers = await lab.servers(MEMBERS + 1, { ...options, extra: EXTRA });
  const [outside, ...members] = servers.toReversed();
  if (outside === undefined) throw new Error('there is one more than members');
  members.reverse();
  const addresses = (await freePorts(MEMBERS)).map((port) => `127.0.0.1:${String(port)}`);
  for (const [at, member] of members.entries()) {
    const settings = settingsOf(addresses[at] ?? '', addresses);
    const variables = Object.entries(settings).map(
      ([name, value]) => `SET GLOBAL group_replication_${name} = ${value}`,
    );
    await member.execute(
      "INSTALL PLUGIN group_replication SONAME 'group_replication.so'; " +
        `${variables.join('; ')}; ` +
        "CHANGE REPLICATION SOURCE TO SOURCE_USER='repl', SOURCE_PASSWORD='repl' FOR CHANNEL 'group_replication_recovery'",
    );
    const lines = Object.entries(settings).map(([name, value]) => `loose_group_replication_${name}=${value}`);
    member.configure([...lines, 'loose_group_replication_start_on_boot=ON']);
    const boots = (on: string): string => `SET GLOBAL group_replication_bootstrap_group=${on}`;
    const start = 'START GROUP_REPLICATION';
    await member.execute(at === 0 ? `${boots('ON')}; ${start}; ${boots('OFF')}` : start, ONLINE_MS);
    await waitUntilOnline(member);
  }
  const source = members.at(-1);
  if (source === undefined) throw new Error('a group has members');
  await outside.replicateFrom(source);
  await outside.waitForReplication();
  return { members, outside };
}

function settingsOf(own: string, all: readonly string[]): Readonly<Record<string, string>> {
  return {
    group_name: `'${NAME}'`,
    local_address: `'${own}'`,
    group_seeds: `'${all.join()}'`,
    communication_stack: "'XCOM'",
    recovery_get_public_key: 'ON',
    // Whoever was killed comes back within seconds, and is let in when its former self has been forgotten.
    member_expel_timeout: '0',
  };
}

/** Of a member that is back, too: it is refused while the others remember its former self. */
export async function waitUntilOnline(member: LabServer): Promise<void> {
  const deadlineMs = performance.now() + ONLINE_MS;
  for (;;) {
    const state = await memberState(member);
    if (state === 'ONLINE') return;
    if (performance.now() > deadlineMs) throw new Error(`${member.address}: ${state}\n${member.errorLogTail()}`);
    if (state === 'OFFLINE' || state === 'ERROR') {
      await member.execute('STOP GROUP_REPLICATION; START GROUP_REPLICATION', ONLINE_MS).catch(() => undefined);
    }
    await sleep(100);
  }
}

async function memberState(member: LabServer): Promise<string> {
  const [row] = await member.query<{ state: string }>(
    'SELECT MEMBER_STATE AS state FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid',
  );
  return row?.state ?? 'OFFLINE';
}
