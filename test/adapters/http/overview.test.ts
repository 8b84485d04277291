import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventStream } from '../../../src/adapters/http/streams/events.js';
import { HTTP_LIMITS } from '../../../src/adapters/http/limits.js';
import { buildOverview, type Overview } from '../../../src/adapters/http/overview/overview.js';
import { Views } from '../../../src/adapters/http/views/views.js';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import type { Overview as PageOverview } from '../../../src/web/overview.js';
import { serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { FakeService, FIRST, MAIN, replicaVitals, SECOND, seen } from './fake-service.js';
import { HandClock } from './http-fixture.js';

let service: FakeService;
let clock: HandClock;
let views: Views;

beforeEach(() => {
  service = new FakeService();
  clock = new HandClock(service.nowMs);
  views = new Views(service, clock);
});

afterEach(() => {
  views.close();
});

function overview(): Overview {
  const built = buildOverview(service, views, clock.wallMs());
  // The page shares no code with the server; this line is where the two would fall apart.
  const page: PageOverview = built;
  return JSON.parse(JSON.stringify(page)) as Overview;
}

describe('the overview', () => {
  it('carries what the installation wants shown, and how', () => {
    Object.assign(service.settings, { webMessage: 'freeze on Friday', textRemovedFromHosts: '.mysql.example' });
    expect(overview()).toMatchObject({ message: 'freeze on Friday', textRemovedFromHosts: '.mysql.example' });
  });

  it('shows the tree, who leads, and what each server does', () => {
    service.see('read-replica-1', replicaVitals({ lagSeconds: 4, executedGtids: `${MAIN}:1-9` }));
    expect(overview()).toMatchObject({
      node: { id: 'n1', role: 'leader', term: 3, inQuorum: true },
      members: [
        { id: 'n1', isLeader: true, isSelf: true, lastHeardMs: null },
        { id: 'n2', isLeader: false, isSelf: false, lastHeardMs: 20 },
        { id: 'n3', voter: true },
      ],
      clusters: [
        {
          name: 'main:3306',
          alias: '',
          primary: MAIN,
          epoch: 0,
          automaticRecovery: true,
          problems: [],
          servers: [
            {
              id: MAIN,
              address: 'main:3306',
              source: null,
              role: 'primary',
              writable: true,
              valid: true,
              lastSeenAgeMs: 1000,
            },
            {
              id: FIRST,
              source: MAIN,
              role: 'replica',
              lagSeconds: 4,
              ioThread: 'running',
              executedGtids: `${MAIN}:1-9`,
            },
            { id: SECOND, source: MAIN, role: 'replica', writable: false, demotion: null, downtime: null },
          ],
        },
      ],
    });
  });

  it('shows a problem with why nothing is done about it', () => {
    service.problems = [
      {
        server: serverId(MAIN),
        clusterId: service.clusterId(),
        code: 'UnreachableMaster',
        description: 'Master cannot be reached',
        severity: 'warning',
        reaction: 'examine',
        because: ['n2 sees it'],
      },
    ];
    service.restraint.set(serverId(MAIN), ['read-replica-1 still receives']);
    expect(overview().clusters[0]?.problems).toEqual([
      {
        server: MAIN,
        code: 'UnreachableMaster',
        description: 'Master cannot be reached',
        severity: 'warning',
        because: ['n2 sees it'],
        restraint: ['read-replica-1 still receives'],
      },
    ]);
  });

  it('follows a failover step by step, and knows the former primary afterwards', () => {
    const id = '1700000000000:ab' as RecoveryId;
    const { fed } = service;
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf(id, service.clusterId(), MAIN) });
    const step = { kind: 'stop-io' as const, server: serverId(FIRST) };
    fed.feed({ kind: 'steps-intended', recoveryId: id, term: 3, steps: [{ number: 1, attempt: 1, step }] });
    expect(overview().recoveries).toMatchObject([
      {
        id,
        failed: 'main:3306',
        successor: null,
        closedAtMs: null,
        steps: [{ server: 'read-replica-1:3306', ok: null }],
      },
    ]);
    const failed = { ok: false as const, code: 'unreachable' as const, error: 'gone', retriable: true };
    fed.feed({ kind: 'step-finished', recoveryId: id, number: 1, outcome: failed });
    expect(overview().recoveries[0]?.steps).toMatchObject([{ ok: false, detail: 'gone' }]);
    fed.feed({ kind: 'promoting', recoveryId: id, server: serverId(FIRST), epoch: 1 });
    fed.feed({ kind: 'recovery-closed', recoveryId: id, verdict: { kind: 'succeeded' }, lost: [] });
    expect(overview()).toMatchObject({
      clusters: [{ name: 'read-replica-1:3306', primary: FIRST, epoch: 1 }],
      recoveries: [{ successor: 'read-replica-1:3306', verdict: { kind: 'succeeded', reason: '' } }],
    });
    const former = overview().clusters[0]?.servers.find((server) => server.id === MAIN);
    expect(former).toMatchObject({ role: 'former-primary', demotion: { state: 'owed', extraGtids: '' } });
    fed.feed({ kind: 'topology-observed', servers: [seen(MAIN, 'main', { id: FIRST, host: 'read-replica-1' })] });
    fed.feed({ kind: 'demotion-changed', server: serverId(MAIN), state: 'rejoined', extraGtids: '' });
    const rejoined = overview().clusters[0]?.servers.find((server) => server.id === MAIN);
    expect(rejoined).toMatchObject({ role: 'replica', demotion: null, source: FIRST });
  });

  it('keeps its lists short, the newest first', () => {
    for (let count = 0; count < HTTP_LIMITS.overviewRecoveries + 5; count++) {
      const id = `${String(1_700_000_000_000 + count)}:ab` as RecoveryId;
      service.fed.feed({ kind: 'recovery-opened', recovery: recoveryOf(id, service.clusterId(), MAIN) });
      service.fed.feed({
        kind: 'recovery-closed',
        recoveryId: id,
        verdict: { kind: 'undone', reason: 'no' },
        lost: [],
      });
    }
    const { recoveries, audit } = overview();
    expect(recoveries).toHaveLength(HTTP_LIMITS.overviewRecoveries);
    expect(recoveries[0]?.id).toBe(`${String(1_700_000_000_000 + HTTP_LIMITS.overviewRecoveries + 4)}:ab`);
    expect(audit).toHaveLength(HTTP_LIMITS.overviewAuditLines);
    expect(audit[0]?.number).toBeGreaterThan(audit[1]?.number ?? 0);
  });
});

/** A page whose connection takes nothing until it is drained. */
class SlowResponse extends EventEmitter {
  readonly written: string[] = [];
  destroyed = false;
  full = false;

  writeHead(): void {
    this.written.push('head');
  }

  write(bytes: Buffer | string): boolean {
    this.written.push(bytes.toString());
    return !this.full;
  }

  end(): void {
    this.emit('close');
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('a page that reads slowly', () => {
  let picture: number;
  let stream: EventStream;
  let response: SlowResponse;

  beforeEach(() => {
    picture = 0;
    stream = new EventStream({ service, clock, picture: () => Buffer.from(String(picture)), headers: {} });
    response = new SlowResponse();
    response.full = true;
    stream.attach({ method: 'GET' } as unknown as IncomingMessage, response as unknown as ServerResponse);
  });

  afterEach(() => {
    stream.close();
  });

  function next(): void {
    picture += 1;
    service.emit({ kind: 'analysis' });
    clock.advance(HTTP_LIMITS.eventIntervalMs);
  }

  function pictures(): string[] {
    return response.written.flatMap((text) => /data: (\d+)/.exec(text)?.[1] ?? []);
  }

  it('misses pictures and gets the newest when it has caught up', () => {
    next();
    next();
    expect(pictures()).toEqual(['0']);
    response.full = false;
    response.emit('drain');
    expect(pictures()).toEqual(['0', '2']);
    next();
    expect(pictures()).toEqual(['0', '2', '3']);
  });

  it('is cut off when it has read nothing for long', () => {
    clock.advance(HTTP_LIMITS.eventHeartbeatMs);
    expect(response.destroyed).toBe(true);
    expect(stream.clients).toBe(0);
  });
});
