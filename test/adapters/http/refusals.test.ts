/** What is asked in vain, route by route: a server that nobody knows, a part of a name, a port that is none. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UNSUPPORTED_COMMANDS } from '../../../src/adapters/http/routes/unsupported.js';
import { INCUMBENT_API } from '../../support/incumbent/routes.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

const ABOUT_SERVERS = INCUMBENT_API.filter(({ path, right }) => path.includes('/:host/') && right !== 'unsupported');
const ABOUT_CLUSTERS = INCUMBENT_API.filter(({ path }) => /:cluster(Hint|Name|Alias)/.test(path));

/** What is named and need not be known. */
const NAMES_THE_NEW = /^\/api\/(?:async-)?(?:discover|refresh|forget|resolve)\//;

function filled(path: string, host: string, port: string, cluster: string): string {
  return path
    .replace(':host/:port', `${host}/${port}`)
    .replaceAll(/:(?:\w+)Host\/:\w+Port/g, `${host}/${port}`)
    .replace(':promotionRule', 'prefer')
    .replace(':seconds', '1')
    .replaceAll(/:cluster\w+/g, encodeURIComponent(cluster))
    .replaceAll(/:\w+/g, 'x');
}

async function refusedAll(urls: readonly string[], status: readonly number[]): Promise<void> {
  for (const url of urls) {
    const answer = await fixture.get(url);
    expect({ url, ...answer }).toMatchObject({
      body: { Code: 'ERROR', Message: expect.stringMatching(/./) as unknown },
    });
    expect(status, url).toContain(answer.status);
  }
}

/** To everybody, because nothing is done. */
function isAnsweredTheSame(path: string): boolean {
  return UNSUPPORTED_COMMANDS.includes(path.split('/')[2] ?? '') || path === '/api/reload-cluster-alias';
}

describe('a server', () => {
  it('that nobody knows is an error, with a sentence, wherever it is asked about', async () => {
    const paths = ABOUT_SERVERS.map(({ path }) => path).filter((path) => !NAMES_THE_NEW.test(path));
    await refusedAll(
      paths.map((path) => filled(path, 'nowhere', '3306', 'nowhere:3306')),
      [500],
    );
    expect(fixture.service.calls).toEqual([]);
  });

  it.each(['0', '65536', 'x', '-1', '3306.5'])('has no port %s', async (port) => {
    await refusedAll(
      ABOUT_SERVERS.map(({ path }) => filled(path, 'main', port, 'main:3306')),
      [500],
    );
    expect(fixture.service.calls).toEqual([]);
  });

  it('is not guessed from a part of its name by what changes something, though reads guess', async () => {
    const commands = INCUMBENT_API.filter(({ right }) => right === 'write').map(({ path }) => path);
    for (const path of commands.filter((one) => !NAMES_THE_NEW.test(one))) {
      // These are read, and still ask for the right.
      if (!/:host|:cluster/.test(path) || /cluster-pool-|master-equivalent|-statements/.test(path)) continue;
      const url = filled(path, 'replica-1', '3306', 'replica-1:3306');
      const { status, body } = await fixture.get(url);
      expect({ url, status, body }).toMatchObject({ url, status: 500, body: { Code: 'ERROR' } });
    }
    expect(fixture.service.calls.filter((call) => !call.startsWith('submit'))).toEqual([]);
    expect((await fixture.get('/api/instance/replica-1/3306')).status).toBe(200);
  });
});

describe('a cluster', () => {
  it('that nobody knows is an error, with a sentence, wherever it is asked about', async () => {
    await refusedAll(
      ABOUT_CLUSTERS.map(({ path }) => filled(path, 'main', '3306', 'nowhere:1')),
      [500],
    );
    expect(fixture.service.calls).toEqual([]);
  });
});

describe('a right', () => {
  it('is asked for by whatever the incumbent asks it for, and by what changes something without asking there', async () => {
    await fixture.close();
    fixture = await openFixture({ authentication: { method: 'multi', user: 'ann', password: 'secret' } });
    const viewer = { authorization: `Basic ${Buffer.from('readonly:x').toString('base64')}` };
    const openThere =
      /^\/api\/(?:tag|untag|untag-all|submit-masters-to-kv-stores|raft-snapshot|snapshot-topologies)(?:\/|$)/;
    for (const { path, right } of INCUMBENT_API) {
      if (isAnsweredTheSame(path)) continue;
      const { status, text } = await fixture.raw('GET', filled(path, 'main', '3306', 'main:3306'), viewer);
      const needed = right === 'write' || openThere.test(path);
      expect({ path, needed: status === 500 && text.includes('"Unauthorized"') }).toEqual({ path, needed });
    }
    expect(fixture.service.calls.filter((call) => !/^(?:resolve|locate)/.test(call))).toEqual([]);
  });
});
