/** What a person at a terminal sees beside what a script reads. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverId } from '../../support/facts.js';
import { FakeService, MAIN, replicaVitals } from '../../adapters/http/fake-service.js';
import { type Listening, run, serve, serveCanned } from './client-run.js';

const AT_TERMINAL = { terminal: { out: true, err: false } };

let service: FakeService;
let node: Listening;

beforeAll(async () => {
  service = new FakeService();
  node = await serve(service);
});

afterAll(async () => {
  await node.close();
});

async function seen(argv: readonly string[], environment: Record<string, string> = {}): Promise<string> {
  const { code, out, err } = await run(node.url, argv, environment, '/nonexistent', AT_TERMINAL);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

/** The same without colours. */
function bare(text: string): string {
  return text.replace(/\u001b\[\d+m/g, '');
}

describe('a terminal', () => {
  it('is shown servers as a table', async () => {
    const out = await seen(['-c', 'which-cluster-instances', '-i', 'main']);
    expect(out).toContain('\u001b[1mSERVER\u001b[0m');
    expect(out).toContain('\u001b[32mok\u001b[0m');
    expect(bare(out).split('\n')).toEqual([
      'SERVER               CLUSTER    ROLE     OPEN  VERSION  LAG  STATE',
      'main:3306            main:3306  primary  rw    9.7.0    -    ok',
      'read-replica-1:3306  main:3306  replica  ro    9.7.0    0s   ok',
      'read-replica-2:3306  main:3306  replica  ro    9.7.0    0s   ok',
      '',
    ]);
  });

  it('is shown clusters and whether they are recovered by themselves', async () => {
    expect(bare(await seen(['-c', 'clusters']))).toBe(
      'CLUSTER    ALIAS  SERVERS  RECOVERY\nmain:3306  -      3        automatic\n',
    );
  });

  it('is told that nothing is wrong, and what is', async () => {
    expect(bare(await seen(['-c', 'replication-analysis']))).toBe('nothing is wrong\n');
    const troubled = new FakeService();
    troubled.problems = [
      {
        server: serverId(MAIN),
        clusterId: troubled.clusterId(),
        code: 'DeadMaster',
        description: 'it is gone',
        severity: 'critical',
        reaction: 'recover-dead-primary',
        because: [],
      },
    ];
    const other = await serve(troubled);
    const { out } = await run(other.url, ['-c', 'replication-analysis'], {}, '/nonexistent', AT_TERMINAL);
    await other.close();
    expect(out).toContain('\u001b[31mDeadMaster\u001b[0m');
    expect(bare(out)).toMatch(/^SERVER +CLUSTER +PROBLEM\nmain:3306 +main:3306 +DeadMaster /);
  });

  it('has a server that does not answer in red, in a tree and in a table', async () => {
    service.see('read-replica-2', replicaVitals(), { valid: false, lastError: 'refused' });
    const tree = await seen(['-c', 'topology', '-i', 'main']);
    const table = await seen(['-c', 'which-replicas', '-i', 'main']);
    service.see('read-replica-2', replicaVitals());
    expect(tree).toMatch(/\n\u001b\[31m- read-replica-2:3306 .*\u001b\[0m\n$/);
    expect(tree).toMatch(/^main:3306/);
    expect(table).toContain('\u001b[31mdoes not answer\u001b[0m');
  });

  it.each([
    [{ NO_COLOR: '1' }, []],
    [{ TERM: 'dumb' }, []],
    [{}, ['--no-color']],
  ])('is spared colours by %j %j, and keeps its tables', async (environment, more) => {
    const out = await seen(['-c', 'clusters', ...more], environment);
    expect(out).toBe(bare(out));
    expect(out).toMatch(/^CLUSTER /);
    expect(await seen(['-c', 'clusters'], { NO_COLOR: '' })).toContain('\u001b[');
  });

  it('has the answer of explain and of a plan in colours, line for line as it is', async () => {
    for (const argv of [
      ['-c', 'explain', '-i', 'main'],
      ['-c', 'plan', '-i', 'main'],
    ]) {
      const out = await seen(argv);
      expect(out).toContain('\u001b[32m');
      expect(bare(out)).toBe((await run(node.url, argv)).out);
    }
  });
});

describe('--watch', () => {
  it('draws a terminal anew, and tells a pipe only what is new', async () => {
    const bodies = ['["a"]', '["a"]', '["a","b"]'];
    let asked = 0;
    const canned = await serveCanned(({ url }) => {
      if (url?.startsWith('/api/tags') !== true) return { status: 404, body: '{}' };
      asked += 1;
      return { body: bodies[asked - 1] ?? '[]' };
    });
    const watched = async (terminal: boolean): Promise<string> => {
      asked = 0;
      const stop = new AbortController();
      let out = '';
      await run(canned.url, ['-c', 'tags', '-i', 'a:1', '--watch=0.1'], {}, '/nonexistent', {
        terminal: { out: terminal, err: false },
        stop: stop.signal,
        out: (text) => {
          out += text;
          if (asked >= 3) stop.abort();
        },
      });
      return out;
    };
    expect(await watched(false)).toBe('a\na\nb\n');
    const drawn = await watched(true);
    expect(drawn.match(/\u001b\[H\u001b\[2J/g)).toHaveLength(3);
    expect(drawn).toMatch(/tags -i a:1 --watch=0\.1 .* UTC, every 0\.1 s/);
    await canned.close();
  });

  it('goes on through an answer that fails, and with --json prints a line for each', async () => {
    let asked = 0;
    const canned = await serveCanned(({ url }) => {
      if (url?.startsWith('/api/tags') !== true) return { status: 404, body: '{}' };
      asked += 1;
      return asked === 2
        ? { status: 500, body: '{"Code":"ERROR","Message":"gone","Details":null}' }
        : { body: '["a"]' };
    });
    const stop = new AbortController();
    let out = '';
    const { code } = await run(canned.url, ['-c', 'tags', '-i', 'a:1', '--watch=0.1', '--json'], {}, '/nonexistent', {
      stop: stop.signal,
      out: (text) => {
        out += text;
        if (asked >= 3) stop.abort();
      },
    });
    expect({ code, out }).toEqual({ code: 0, out: '["a"]\ngone\n["a"]\n' });
    await canned.close();
  });

  it.each([
    [['-c', 'forget', '-i', 'a:1', '--watch'], 'takes no --watch, and nothing was done'],
    [['-c', 'api', '-P', 'x', '--watch'], 'takes no --watch, and nothing was done'],
    [['-c', 'clusters', '--watch=never'], '--watch=never: seconds are a number, 0.1 to 3600'],
    [['-c', 'clusters', '--watch', '5'], '"5" stands alone'],
  ])('%j is refused', async (argv, sentence) => {
    const { code, err } = await run(node.url, argv);
    expect(code).toBe(1);
    expect(err).toContain(sentence);
  });
});
