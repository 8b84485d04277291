import { describe, expect, it } from 'vitest';
import { decideCanary } from '../../../src/core/analysis/canary.js';
import { judge } from '../../../src/core/analysis/corroborate.js';
import { beginInquiry, hearOpinion, type Inquiry, seeReplica } from '../../../src/core/analysis/inquiry.js';
import { JUDGEMENT_LIMITS } from '../../../src/core/analysis/limits.js';
import type { Channel, ServerFacts } from '../../../src/core/topology/server.js';
import { channelTo, serverId } from '../../support/facts.js';
import { replicaProbe } from '../../support/probes.js';
import { believe, linksBelow } from '../../support/topology.js';

const BEGAN = 50_000;
const QUIET: Partial<Channel> = { heartbeatIntervalMs: 30_000 };

interface Case {
  readonly channels?: Readonly<Record<string, Partial<Channel>>>;
  readonly facts?: Readonly<Record<string, Partial<ServerFacts>>>;
  readonly best?: string | null;
  readonly incident?: { readonly canary: string | null } | null;
  readonly reached?: boolean;
  readonly nodes?: readonly string[];
  readonly quietMs?: number;
}

const USUAL: Required<Case> = {
  channels: { r1: QUIET, r2: QUIET, r3: QUIET },
  facts: {},
  best: 'r1',
  incident: { canary: null },
  reached: false,
  nodes: ['n1', 'n2'],
  quietMs: 3000,
};

function decide(changes: Case = {}) {
  const { channels, facts, best, incident, reached, nodes, quietMs } = { ...USUAL, ...changes };
  const beliefs = believe({ p: null, ...Object.fromEntries(Object.keys(channels).map((name) => [name, 'p'])) }, facts);
  const links = linksBelow(beliefs, 'p');
  let inquiry = hearAll(nodes, reached);
  for (const link of links) {
    const channel = channelTo('p', channels[link.replica.id] ?? {});
    inquiry = seeReplica(inquiry, link, replicaProbe(link.replica.id, channel, BEGAN + 1500, { quietMs }));
  }
  const nowMs = BEGAN + 1600;
  const judgement = judge(inquiry, links, ['n1', 'n2', 'n3'], nowMs, JUDGEMENT_LIMITS);
  const used = incident?.canary ?? null;
  return decideCanary(
    {
      inquiry,
      judgement,
      links,
      best: best === null ? null : serverId(best),
      incident: incident === null ? null : { canary: used === null ? null : serverId(used) },
      nowMs,
    },
    JUDGEMENT_LIMITS,
  );
}

/** `reached`: n3 had an answer at first, and none later. */
function hearAll(nodes: readonly string[], reached: boolean): Inquiry {
  let inquiry = beginInquiry(serverId('p'), BEGAN);
  const hear = (node: string, vote: 'alive' | 'silent', atMs: number): void => {
    inquiry = hearOpinion(inquiry, { node, vote, atMs, detail: '' });
  };
  if (reached) hear('n3', 'alive', BEGAN);
  for (const node of nodes) hear(node, 'silent', BEGAN + 1);
  if (reached) hear('n3', 'silent', BEGAN + 1);
  return inquiry;
}

function refusalOf(changes: Case): string | null {
  const decision = decide(changes);
  return decision.kind === 'no' ? decision.reason : null;
}

describe('the canary', () => {
  it('is one of the replicas that have not noticed, never the best candidate', () => {
    expect(decide({ best: 'r1' })).toEqual({ kind: 'restart', canary: 'r2' });
    expect(decide({ best: 'r2' })).toEqual({ kind: 'restart', canary: 'r1' });
  });

  it('is the one that is missed least', () => {
    const facts = { r2: { promotionRule: 'prefer' }, r3: { promotionRule: 'must_not' } } as const;
    expect(decide({ facts })).toEqual({ kind: 'restart', canary: 'r3' });
  });

  it('is nobody when the best candidate is the only one to ask', () => {
    expect(refusalOf({ channels: { r1: QUIET } })).toContain('best candidate');
  });

  it('is nobody when it is not known who the best candidate is', () => {
    expect(refusalOf({ best: null })).toContain('not known');
  });

  it('is nobody after any node reached the source', () => {
    expect(refusalOf({ reached: true })).toContain('n3 reached it');
  });

  it('waits until the incident is committed, and is used once in it', () => {
    expect(decide({ incident: null })).toEqual({ kind: 'not-needed' });
    expect(decide({ incident: { canary: 'r3' } })).toEqual({ kind: 'not-needed' });
  });

  it('waits until a majority of the nodes is sure', () => {
    expect(decide({ nodes: ['n1'] })).toEqual({ kind: 'not-needed' });
  });

  it('is not touched while a replica receives', () => {
    const channels = { r1: QUIET, r2: QUIET, r3: {} };
    expect(decide({ channels, quietMs: 100 })).toEqual({ kind: 'not-needed' });
  });

  it('is not touched when the heartbeats will tell soon', () => {
    const often: Partial<Channel> = { heartbeatIntervalMs: 2000 };
    const channels = { r1: often, r2: often };
    // Overdue 4 s after the last sign of life, which was 3.1 s ago.
    expect(decide({ channels })).toEqual({ kind: 'not-needed' });
    expect(decide({ channels, quietMs: 1600 })).toMatchObject({ kind: 'restart' });
  });

  it('is not needed when death is proven without it', () => {
    const broken: Partial<Channel> = { ioThread: 'connecting', ioError: { number: 2013, text: '' } };
    expect(decide({ channels: { r1: broken, r2: broken } })).toEqual({ kind: 'not-needed' });
  });

  it('is not needed where nobody merely has not noticed', () => {
    expect(decide({ channels: { r1: { ioThread: 'stopped' }, r2: { ioThread: 'stopped' } } })).toEqual({
      kind: 'not-needed',
    });
  });

  it('is never a MariaDB replica with GTID, whose relay log would be thrown away', () => {
    const mariadb = { flavor: 'MariaDB' } as const;
    const withGtid = { ...mariadb, channels: [channelTo('p')] };
    const without = { ...mariadb, channels: [channelTo('p', { autoPosition: false })] };
    expect(decide({ facts: { r2: withGtid, r3: without } })).toEqual({ kind: 'restart', canary: 'r3' });
    expect(decide({ facts: { r2: withGtid, r3: withGtid } })).toMatchObject({ kind: 'no' });
  });
});
