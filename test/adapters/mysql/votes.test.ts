/** What each kind of trouble proves: the table of SAFETY.md, "Is it dead?", against sockets that behave so. */
import { afterEach, describe, expect, it } from 'vitest';
import { Connector } from '../../../src/adapters/mysql/connection/connect.js';
import { failureAt, LinkFailed, shown } from '../../../src/adapters/mysql/connection/failure.js';
import type { HostResolver } from '../../../src/adapters/mysql/connection/host-resolver.js';
import type { Address } from '../../../src/core/topology/address.js';
import { closedPort, errorPacket, type FakeServer, fakeServer, greeting } from './fake-server.js';

const servers: FakeServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function server(onConnection: Parameters<typeof fakeServer>[0]): Promise<FakeServer> {
  const made = await fakeServer(onConnection);
  servers.push(made);
  return made;
}

const asIs: HostResolver = { resolve: (host) => Promise.resolve(host) };

function connector(resolver: HostResolver = asIs): Connector {
  const tls = { mode: 'where-required', skipVerify: true } as const;
  return new Connector({ user: 'u', password: 'p', tls, tlsMemoryMs: 1000, programName: 'test' }, resolver);
}

async function failureOf(address: Address, timeoutMs: number): Promise<[string, string]> {
  const error: unknown = await connector()
    .connect(address, timeoutMs)
    .then(
      () => null,
      (reason: unknown) => reason,
    );
  if (!(error instanceof LinkFailed)) throw new Error(`expected a LinkFailed, got ${String(error)}`);
  return [error.failure.kind, error.failure.code];
}

describe('a fresh connection', () => {
  it('that is refused is hard evidence', async () => {
    const address = await closedPort();
    expect(await failureOf(address, 20_000)).toEqual(['refused', 'ECONNREFUSED']);
    const { vote, detail } = await connector().knock(address, 20_000);
    expect(vote).toBe('refused');
    expect(detail).toContain(`${address.host}:${String(address.port)}`);
  });

  it('that is accepted and gets no word is silence', async () => {
    const { address } = await server(() => undefined);
    expect(await failureOf(address, 150)).toEqual(['silent', 'ETIMEDOUT']);
    expect((await connector().knock(address, 150)).vote).toBe('silent');
  });

  it('that is answered with an error is a sign of life', async () => {
    const { address } = await server((socket) => socket.write(errorPacket(1040, 'Too many connections')));
    expect(await failureOf(address, 20_000)).toEqual(['alive', '1040']);
    const { vote, detail } = await connector().knock(address, 20_000);
    expect(vote).toBe('alive');
    expect(detail).toContain('1040');
    expect(detail).toContain('Too many connections');
  });

  it('that is greeted and then left waiting is a sign of life', async () => {
    const { address } = await server((socket) => socket.write(greeting()));
    expect(await failureOf(address, 4000)).toEqual(['alive', 'ETIMEDOUT']);
    expect((await connector().knock(address, 20_000)).vote).toBe('alive');
  });

  it('that is reset proves nothing', async () => {
    const { address, connections } = await server((socket) => socket.resetAndDestroy());
    expect((await failureOf(address, 20_000))[0]).toBe('none');
    const before = connections();
    expect((await connector().knock(address, 20_000)).vote).toBe('none');
    expect(connections() - before).toBeGreaterThan(1);
  });

  it('that is reset and then refused, as by a dying server, is refused', async () => {
    const dying = await server((socket) => {
      socket.resetAndDestroy();
      void dying.close();
    });
    expect((await connector().knock(dying.address, 20_000)).vote).toBe('refused');
  });

  it('to a name that does not resolve is no opinion', async () => {
    const unknown: HostResolver = {
      resolve: () => Promise.reject(Object.assign(new Error('queryA ENOTFOUND nowhere'), { code: 'ENOTFOUND' })),
    };
    expect((await connector(unknown).knock({ host: 'nowhere', port: 1 }, 5000)).vote).toBe('none');
    const never: HostResolver = { resolve: () => new Promise(() => undefined) };
    expect((await connector(never).knock({ host: 'nowhere', port: 1 }, 50)).vote).toBe('none');
  });
});

describe('the kinds of failure', () => {
  const address = { host: 'db-1', port: 3306 };
  const rows: [string, string][] = [
    ['ECONNREFUSED', 'refused'],
    ['ETIMEDOUT', 'silent'],
    ['EHOSTUNREACH', 'silent'],
    ['ENETUNREACH', 'silent'],
    ['ECONNRESET', 'none'],
    ['PROTOCOL_CONNECTION_LOST', 'none'],
    ['ENOTFOUND', 'none'],
    ['EAI_AGAIN', 'none'],
    ['HANDSHAKE_SSL_ERROR', 'none'],
    ['EMFILE', 'none'],
    ['EADDRNOTAVAIL', 'none'],
    ['AUTH_SWITCH_PLUGIN_ERROR', 'alive'],
  ];
  it.each(rows)('%s is %s', (code, kind) => {
    expect(failureAt(address, 'dial', Object.assign(new Error('x'), { code, errno: -1 })).kind).toBe(kind);
  });

  it.each([1040, 1045, 1129, 1130, 1203, 3159])('error %i of MySQL is a sign of life', (errno) => {
    const failure = failureAt(address, 'login', Object.assign(new Error('no'), { errno, sqlState: '08004' }));
    expect(failure.kind).toBe('alive');
    expect(failure.code).toBe(String(errno));
    expect(failure.message).toMatch(/^db-1:3306: logging in: error \d+: no \(.+\)$/);
  });
});

describe('what is shown of a statement', () => {
  it('has no password in it and does not grow without end', () => {
    const text = shown("CHANGE REPLICATION SOURCE TO SOURCE_HOST='a', SOURCE_PASSWORD='it\\'s secret', SOURCE_PORT=1");
    expect(text).toBe("CHANGE REPLICATION SOURCE TO SOURCE_HOST='a', SOURCE_PASSWORD='...', SOURCE_PORT=1");
    expect(shown("CREATE USER x IDENTIFIED BY 'secret'")).not.toContain('secret');
    expect(shown('x'.repeat(5000)).length).toBeLessThan(400);
  });
});
