// The layers that keep a leader of the past from changing a server (SAFETY.md, "Fencing a former leader"), on real MySQL.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { barrierName } from '../../../src/adapters/mysql/session/barrier.js';
import { Hold } from '../../../src/adapters/mysql/session/hold.js';
import type { MysqlSessionOpener } from '../../../src/adapters/mysql/session/session-opener.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import { TestAuthority } from '../../support/authority.js';
import {
  CLUSTER,
  found,
  HERE,
  labConnector,
  labOpener,
  openOn,
  take,
  takeOnce,
} from '../../support/lab/mysql-sessions.js';

const openStep = { kind: 'open', server: HERE, epoch: 1, semiSync: null } as const;
const closeStep = { kind: 'close', server: HERE, limitMs: 5000 } as const;

describe('a session that changes a server', () => {
  let lab: MySqlLab;
  let server: LabServer;
  let opener: MysqlSessionOpener;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    const [first] = await lab.servers(1);
    if (first === undefined) throw new Error('the lab gave no server');
    server = first;
    opener = labOpener();
  });
  afterAll(async () => {
    await lab.close();
  });

  const isReadOnly = async (): Promise<unknown> => (await server.query('SELECT @@read_only AS closed'))[0]?.['closed'];

  it('takes the barrier from its holder, whose session is dead from then on', async () => {
    const old = await openOn(opener, server, new TestAuthority());
    await found(take(old, closeStep));
    const young = await openOn(opener, server, new TestAuthority());
    expect(await take(old, openStep)).toMatchObject({ ok: false, code: 'unreachable' });
    expect(old.alive).toBe(false);
    expect(await isReadOnly()).toBe(1);
    await found(take(young, openStep));
    expect(await isReadOnly()).toBe(0);
    await young.close();
  });

  it('waits for the lock and not for the answer to KILL: the statement of the last holder is over by then', async () => {
    const holder = await server.connect();
    await holder.query(`SELECT GET_LOCK('${barrierName(CLUSTER)}', 1)`);
    // A multi-row UPDATE under SLEEP cannot be told from a step that takes its time; KILL ends it, and the lock says when.
    const busy = holder.query('SELECT SLEEP(60)').then(
      () => 'went on',
      () => 'ended',
    );
    const session = await openOn(opener, server, new TestAuthority());
    expect(await busy).toBe('ended');
    await found(take(session, closeStep));
    await session.close();
    holder.destroy();
  });

  it('is refused by the server itself when it was frozen past its deadline with the change on its lips', async () => {
    const authority = new TestAuthority();
    const session = await openOn(opener, server, authority);
    await found(take(session, closeStep));
    // Frozen between the look at the server's clock and the statement, and nobody has taken over: only the clock speaks.
    authority.gate = sleep(1500);
    expect(await takeOnce(session, openStep)).toMatchObject({ ok: false, code: 'late', retriable: true });
    expect(await isReadOnly()).toBe(1);
    authority.gate = Promise.resolve();
    await found(take(session, openStep));
    await session.close();
  });

  it('changes nothing when a new leader took the barrier while it was frozen', async () => {
    const authority = new TestAuthority();
    const old = await openOn(opener, server, authority);
    await found(take(old, closeStep));
    let thaw = (): void => undefined;
    authority.gate = new Promise((resolve) => {
      thaw = resolve;
    });
    const frozen = take(old, openStep);
    const young = await openOn(opener, server, new TestAuthority());
    thaw();
    expect(await frozen).toMatchObject({ ok: false, code: 'unreachable' });
    expect(await isReadOnly()).toBe(1);
    await young.close();
  });

  it('is refused by the server when its session does not hold the lock', async () => {
    const connector = labConnector();
    const link = await connector.connect({ host: server.host, port: server.port }, 30_000);
    const hold = new Hold(link, barrierName(CLUSTER), new TestAuthority());
    await expect(hold.change('SET GLOBAL read_only = 0', 5000)).rejects.toMatchObject({ code: 'barrier' });
    expect(await isReadOnly()).toBe(1);
    expect(link.alive).toBe(false);
  });

  it('sends nothing without a lease, and asks for the quorum before every change', async () => {
    const authority = new TestAuthority();
    const session = await openOn(opener, server, authority);
    const before = authority.confirmed;
    authority.leased = false;
    expect(await take(session, openStep)).toMatchObject({ ok: false, code: 'authority' });
    expect(await isReadOnly()).toBe(1);
    authority.leased = true;
    await found(take(session, openStep));
    expect(authority.confirmed).toBeGreaterThan(before + 1);
    await session.close();
  });

  it('does not kill the holder of the barrier without a lease', async () => {
    const young = await openOn(opener, server, new TestAuthority());
    const old = new TestAuthority();
    old.leased = false;
    await expect(openOn(opener, server, old)).rejects.toMatchObject({ code: 'LEASE_LAPSED' });
    expect(young.alive).toBe(true);
    await found(take(young, closeStep));
    await young.close();
  });

  it('says which grant is missing', async () => {
    await server.execute('SET GLOBAL super_read_only = 0');
    await server.execute("REVOKE SYSTEM_VARIABLES_ADMIN ON *.* FROM 'orchestrator'@'%'");
    const session = await openOn(opener, server, new TestAuthority());
    const outcome = await take(session, openStep);
    expect(outcome).toMatchObject({ ok: false, code: 'statement', retriable: false });
    expect(outcome).toHaveProperty('error', expect.stringContaining('SYSTEM_VARIABLES_ADMIN'));
    expect(outcome).toHaveProperty('error', expect.stringContaining('SET GLOBAL read_only = 0'));
    await session.close();
    await server.execute('SET GLOBAL super_read_only = 0');
    await server.execute("GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO 'orchestrator'@'%'");
  });
});
