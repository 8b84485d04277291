/** What the client follows while it happens: events, the steps of a request, and what wakes a picture that is watched. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { MoveTerms } from '../../../src/core/recovery/requests/movement.js';
import type { StepRecord } from '../../../src/core/recovery/recovery.js';
import { serverId } from '../../support/facts.js';
import { HappeningStage } from '../../support/happenings.js';
import { recoveryOf } from '../../support/ledger.js';
import { FakeService, FIRST, MAIN, SECOND } from '../../adapters/http/fake-service.js';
import { type Listening, run, serve, serveCanned } from './client-run.js';

const PATIENCE = { timeout: 60_000 };

const open: Listening[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function node(stage: HappeningStage, service = new FakeService()): Promise<string> {
  const listening = await serve(service, {}, stage.log);
  open.push(listening);
  return listening.url;
}

describe('events', () => {
  it('are told as they happen, until the reader has had enough', async () => {
    const stage = new HappeningStage();
    const url = await node(stage);
    const stop = new AbortController();
    let out = '';
    const ran = run(url, ['-c', 'events'], {}, '/nonexistent', {
      stop: stop.signal,
      out: (text) => void (out += text),
    });
    await vi.waitFor(() => {
      expect(out).toContain('from here on as it happens:\n');
    }, PATIENCE);
    stage.find('p', 'DeadMaster');
    await vi.waitFor(() => {
      expect(out).toMatch(/\d\d:\d\d:\d\d problem-began .*DeadMaster DeadMaster of p \(it was seen\)\n/);
    }, PATIENCE);
    stop.abort();
    expect((await ran).code).toBe(0);
    expect(out).toMatch(/^how things stand:\n/);
  });

  it('are a line of JSON each with --json, and those of one cluster when it is named', async () => {
    const stage = new HappeningStage();
    const service = new FakeService();
    const url = await node(stage, service);
    const stop = new AbortController();
    let out = '';
    const ran = run(url, ['-c', 'events', '--json', '-i', 'main'], {}, '/nonexistent', {
      stop: stop.signal,
      out: (text) => void (out += text),
    });
    await vi.waitFor(() => {
      expect(out).toContain('"current"');
    }, PATIENCE);
    // The stage's problems are of another cluster than the one that was named.
    stage.find('p', 'DeadMaster');
    stage.leader = 'n2';
    stage.log.notice();
    await vi.waitFor(() => {
      expect(out).toContain('n2 leads');
    }, PATIENCE);
    stop.abort();
    await ran;
    const kinds = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(kinds).toContain('leader');
    expect(kinds).not.toContain('problem-began');
  });

  it('are gone on with at another node, after the last that was seen', async () => {
    const frames = ['id: life:1\nevent: leader\ndata: {"kind":"leader","text":"n1 leads"}\n\n'];
    const canned = await serveCanned(({ url }) =>
      url === '/api/v1/happenings' ? { body: frames.shift() ?? '' } : { body: '"OK"' },
    );
    open.push(canned);
    const stop = new AbortController();
    const ran = run([canned.url, canned.url], ['-c', 'events'], {}, '/nonexistent', { stop: stop.signal });
    await vi.waitFor(() => {
      const asked = canned.asked.filter(({ url }) => url === '/api/v1/happenings');
      expect(asked.map(({ headers }) => headers['last-event-id'])).toContain('life:1');
    }, PATIENCE);
    stop.abort();
    const { out, err } = await ran;
    expect(out).toContain('n1 leads');
    expect(err).toContain('the stream has ended; asking again');
  });

  it('that cannot be had are a failure that says why', async () => {
    const canned = await serveCanned(() => ({ status: 503, body: '"too many"' }));
    open.push(canned);
    const { code, err } = await run(canned.url, ['-c', 'events']);
    expect(code).toBe(1);
    expect(err).toContain('/v1/happenings answered 503');
  });
});

function step(number: number, finishedAtMs: number | null): StepRecord {
  return {
    number,
    step: { kind: 'repoint', server: serverId(FIRST), source: serverId(MAIN), start: true },
    attempt: 1,
    intendedAtMs: 10,
    finishedAtMs,
    outcome: finishedAtMs === null ? null : { ok: true, findings: {} },
  } as unknown as StepRecord;
}

describe('the steps of a request', () => {
  /** A takeover that takes as long as the test wants. */
  class SlowService extends FakeService {
    begun = false;
    answerNow: () => void = () => undefined;

    override async recover(): ReturnType<FakeService['recover']> {
      this.begun = true;
      await new Promise<void>((resolve) => {
        this.answerNow = resolve;
      });
      return {
        ok: true,
        value: recoveryOf('1:a', this.clusterId(), MAIN, {
          successor: serverId(FIRST),
          verdict: { kind: 'succeeded' },
        }),
      };
    }
  }

  async function takeOver(
    terminal: boolean,
    movement?: MoveTerms,
  ): Promise<{ code: number; out: string; err: string }> {
    const stage = new HappeningStage();
    const service = new SlowService();
    const clusterId = service.clusterId();
    stage.recoveries.set('9:x', recoveryOf('9:x', clusterId, MAIN, { openedAtMs: 1, steps: [step(1, null)] }));
    stage.log.notice();
    const url = await node(stage, service);
    let err = '';
    const ran = run(
      url,
      ['-c', 'graceful-master-takeover', '-a', 'main:3306', '-d', 'read-replica-1', '--no-color'],
      {},
      '/nonexistent',
      {
        terminal: { out: false, err: terminal },
        err: (text) => void (err += text),
      },
    );
    await vi.waitFor(() => {
      expect(service.begun).toBe(true);
    }, PATIENCE);
    // One that was under way before is somebody else's.
    stage.recoveries.set('9:x', recoveryOf('9:x', clusterId, MAIN, { openedAtMs: 1, steps: [step(1, 20)] }));
    for (const steps of [[], [step(1, null)], [step(1, 30), step(2, null)]]) {
      const plan = recoveryOf('1:a', clusterId, MAIN, { openedAtMs: 5, steps });
      stage.recoveries.set('1:a', movement === undefined ? plan : { ...plan, inputs: { ...plan.inputs, movement } });
      stage.log.notice();
    }
    if (terminal) {
      await vi.waitFor(() => {
        expect(err).toContain(': ');
      }, PATIENCE);
    }
    service.answerNow();
    const { code, out } = await ran;
    return { code, out, err };
  }

  it('are told on standard error as they end, where somebody looks', async () => {
    const { code, out, err } = await takeOver(true);
    expect({ code, out }).toEqual({ code: 0, out: 'read-replica-1:3306\n' });
    expect(err).toMatch(/^ +\d+\.\d s {2}done: .+\n$/);
  });

  it('say how many of several have arrived', async () => {
    const moves = [FIRST, SECOND].map((name) => ({ server: serverId(name), to: serverId(MAIN), from: null }));
    const { err } = await takeOver(true, {
      command: 'relocate-replicas',
      manner: 'each',
      moves,
      refused: [],
      atOnce: 2,
    });
    expect(err).toMatch(/ done \(1 of 2 moved\): .+\n$/);
  });

  it('are told to nobody else', async () => {
    expect(await takeOver(false)).toEqual({ code: 0, out: 'read-replica-1:3306\n', err: '' });
  });
});

it('a picture that is watched is drawn at once when something happens', async () => {
  const stage = new HappeningStage();
  const url = await node(stage);
  const stop = new AbortController();
  let drawn = 0;
  const ran = run(url, ['-c', 'clusters', '--watch=600'], {}, '/nonexistent', {
    stop: stop.signal,
    terminal: { out: true, err: false },
    out: () => void (drawn += 1),
  });
  await vi.waitFor(
    () => {
      expect(drawn).toBeGreaterThan(0);
      // Until it follows nobody can tell it; from then on each change is one more picture.
      const before = drawn;
      stage.find(`p${String(before)}`, 'DeadMaster');
      expect(drawn).toBeGreaterThan(2);
    },
    { timeout: 60_000, interval: 200 },
  );
  stop.abort();
  await ran;
});
