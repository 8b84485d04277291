// Servers that are not alike: versions and flavours that may not follow each other are refused with the reason; and a real
// replication group, whose asynchronous replicas are moved when the member that they followed is lost.
import { describe, expect, it } from 'vitest';
import type { OperatorCommand } from '../../../src/core/recovery/recovery.js';
import type { MoveCommand } from '../../../src/core/recovery/requests/movement.js';
import { freePorts } from '../../../tools/lab/free-ports.js';
import { waitUntilOnline } from '../../../tools/lab/group.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { LabNodes } from '../../support/lab/lab-nodes.js';
import { labStage, writable } from '../../support/lab/lab-stage.js';

const stage = labStage();

async function ask(nodes: LabNodes, command: MoveCommand, server: LabServer, to: LabServer) {
  await nodes.observe();
  const id = nodes.idOf(server);
  const clusterId = nodes.ledger.state.servers.get(id)?.clusterId ?? nodes.cluster();
  const asked = { command, clusterId, server: id, destination: nodes.idOf(to), pattern: null, requestedBy: 'test' };
  return await nodes.driver.moves.ask(asked);
}

async function force(nodes: LabNodes, command: OperatorCommand, to: LabServer | null) {
  const candidate = to === null ? null : nodes.idOf(to);
  const asked = { command, clusterId: nodes.cluster(), server: null, candidate, requestedBy: 'test' };
  return await nodes.driver.requests.ask(asked);
}

describe('servers of several versions and flavours', () => {
  it('do not go below those that they could not follow, and are told why', async () => {
    const old = await stage.topology({ flavor: 'mysql56', replicas: 1 });
    const [fresh, settled] = await stage.servers(2, { flavor: 'mysql97' });
    const [foreign] = await stage.servers(1, { flavor: 'mariadb' });
    const [older] = old.replicas;
    if (fresh === undefined || settled === undefined || foreign === undefined || older === undefined) throw new Error();
    const log = "MASTER_LOG_FILE='binlog.000001', MASTER_LOG_POS=4";
    const account = "MASTER_USER='repl', MASTER_PASSWORD='repl'";
    // They need not get on with it: whom they are pointed at places them in its cluster.
    await foreign.execute(
      `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${String(old.primary.port)}, ${account}, MASTER_USE_GTID=no, ${log}`,
    );
    for (const server of [fresh, settled]) {
      await server.execute(
        `CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=${String(old.primary.port)}, SOURCE_USER='repl', ` +
          "SOURCE_PASSWORD='repl', SOURCE_AUTO_POSITION=1",
      );
    }
    const nodes = await stage.nodes([...old.servers, fresh, settled, foreign]);
    const refusals: readonly (readonly [LabServer, LabServer, RegExp])[] = [
      [older, fresh, /its version 5\.6\.\d+.* is lower than 9\.\d+\.\d+.* of the source/],
      [older, foreign, /MySQL does not follow MariaDB/],
      [foreign, fresh, /MariaDB does not follow MySQL/],
      [fresh, foreign, /MySQL does not follow MariaDB/],
    ];
    for (const [server, to, why] of refusals) {
      const answer = await ask(nodes, 'relocate', server, to);
      const message = expect.stringMatching(why) as unknown;
      expect(answer).toMatchObject({ ok: false, refusal: { code: 'cannot-replicate', message } });
    }
    expect(nodes.recoveries).toEqual([]);
  });
});

const GROUP = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';

/** Three members, of which the first takes writes. */
async function group(): Promise<readonly [LabServer, LabServer, LabServer]> {
  const members = await stage.servers(3, { extra: ['performance_schema_max_mutex_classes=350'] });
  const [first, second, third] = members;
  if (first === undefined || second === undefined || third === undefined) throw new Error('a group of three');
  const speaking = (await freePorts(members.length)).map((port) => `127.0.0.1:${String(port)}`);
  for (const [at, member] of members.entries()) {
    await member.execute(
      "INSTALL PLUGIN group_replication SONAME 'group_replication.so'; " +
        `SET GLOBAL group_replication_group_name='${GROUP}'; ` +
        `SET GLOBAL group_replication_local_address='${speaking[at] ?? ''}'; ` +
        `SET GLOBAL group_replication_group_seeds='${speaking.join()}'; ` +
        "SET GLOBAL group_replication_communication_stack='XCOM'; " +
        'SET GLOBAL group_replication_recovery_get_public_key=ON; ' +
        "CHANGE REPLICATION SOURCE TO SOURCE_USER='repl', SOURCE_PASSWORD='repl' FOR CHANNEL 'group_replication_recovery'",
    );
  }
  await first.execute(
    'SET GLOBAL group_replication_bootstrap_group=ON; START GROUP_REPLICATION; SET GLOBAL group_replication_bootstrap_group=OFF',
    60_000,
  );
  // One that joins while nobody is online has nobody to learn from, and asks again a minute later.
  await waitUntilOnline(first);
  for (const member of [second, third]) {
    await member.execute('START GROUP_REPLICATION', 60_000);
    await waitUntilOnline(member);
  }
  const states = "SELECT COUNT(*) AS n FROM performance_schema.replication_group_members WHERE MEMBER_STATE = 'ONLINE'";
  for (const member of members) {
    await expect.poll(() => member.query(states), { timeout: 60_000, interval: 50 }).toEqual([{ n: 3 }]);
  }
  return [first, second, third];
}

describe('a replication group', () => {
  it('is one cluster, its secondaries are not moved, who followed a lost member goes to one that lives, and takes over when none does', async () => {
    const [first, second, third] = await group();
    const [replica] = await stage.servers(1);
    if (replica === undefined) throw new Error('there is one');
    await replica.replicateFrom(second);
    await replica.waitForReplication();
    const nodes = await stage.nodes([first, second, third, replica]);
    const { servers, clusters } = nodes.ledger.state;
    const shown = (server: LabServer) => servers.get(nodes.idOf(server));
    expect(clusters.size).toBe(1);
    expect(clusters.get(nodes.cluster())?.primary).toBe(nodes.idOf(first));
    expect([first, second, third].map((one) => shown(one)?.facts.group?.role)).toEqual([
      'PRIMARY',
      'SECONDARY',
      'SECONDARY',
    ]);
    expect(shown(second)?.facts.group?.others).toHaveLength(2);
    const refused = { ok: false, refusal: { code: 'group-secondary' } };
    expect(await ask(nodes, 'relocate', second, replica)).toMatchObject(refused);
    expect(await ask(nodes, 'relocate', replica, third)).toMatchObject({
      ok: true,
      value: { verdict: { kind: 'succeeded' } },
    });
    expect(await replica.replicaStatus()).toMatchObject({ sourcePort: third.port });
    await nodes.observe();
    const lost = nodes.idOf(third);
    await third.kill();
    nodes.driver.noticeProblems([
      nodes.problem(lost, 'DeadReplicationGroupMemberWithReplicas', 'recover-dead-group-member'),
    ]);
    await nodes.until('the replica was given another member', () =>
      nodes.recoveries.some(({ kind, closedAtMs }) => kind === 'dead-group-member' && closedAtMs !== null),
    );
    expect(nodes.recoveries.at(-1), nodes.lines.join('\n')).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect([first.port, second.port]).toContain((await replica.replicaStatus())?.sourcePort);
    await first.execute('CREATE DATABASE shop');
    await replica.catchUp(first);
    // The whole group dies, and the one that is left had followed a secondary.
    expect(await ask(nodes, 'relocate', replica, second)).toMatchObject({ ok: true });
    await nodes.observe();
    await Promise.all([first.kill(), second.kill()]);
    expect(await force(nodes, 'force-master-failover', null)).toMatchObject({ ok: false, refusal: { code: 'group' } });
    const forced = await force(nodes, 'force-master-takeover', replica);
    expect(forced, nodes.lines.join('\n')).toMatchObject({ ok: true, value: { verdict: { kind: 'succeeded' } } });
    expect(await writable([replica])).toEqual([replica.address]);
    expect(await replica.replicaStatus()).toBeUndefined();
    expect(nodes.ledger.state.clusters.get(nodes.cluster())?.primary).toBe(nodes.idOf(replica));
  });
});
