import { describe, expect, it } from 'vitest';
import { type Judgement, judge } from '../../../src/core/analysis/corroborate.js';
import {
  beginInquiry,
  canaryRestarted,
  hearOpinion,
  type Inquiry,
  seeReplica,
} from '../../../src/core/analysis/inquiry.js';
import { JUDGEMENT_LIMITS } from '../../../src/core/analysis/limits.js';
import type { NodeVote, ReplicaVote } from '../../../src/core/analysis/vote.js';
import { channelTo, serverId } from '../../support/facts.js';
import { failedProbe, replicaProbe } from '../../support/probes.js';
import { believe, linksBelow } from '../../support/topology.js';

const BEGAN = 50_000;
const NODES = ['n1', 'n2', 'n3'];

/** A report by which a replica votes so. */
const REPORTS: Readonly<Record<Exclude<ReplicaVote, 'unreachable'> | 'quiet', Parameters<typeof channelTo>[1]>> = {
  receiving: {},
  broken: { ioThread: 'connecting', ioError: { number: 2003, text: '' } },
  stopped: { ioThread: 'stopped' },
  unknown: { ioThread: 'connecting' },
  quiet: { heartbeatIntervalMs: 30_000 },
};

type Witness = keyof typeof REPORTS | 'unreachable' | 'unheard';

function hear(votes: Readonly<Record<string, NodeVote>>, inquiry = beginInquiry(serverId('p'), BEGAN)): Inquiry {
  return Object.entries(votes).reduce(
    (heard, [node, vote]) => hearOpinion(heard, { node, vote, atMs: BEGAN + 1, detail: '' }),
    inquiry,
  );
}

const REFUSED = { n1: 'refused', n2: 'refused' } as const;

function judged(
  nodes: Readonly<Record<string, NodeVote>>,
  witnesses: readonly Witness[],
  elapsedMs = 20,
  prepare: (inquiry: Inquiry) => Inquiry = (inquiry) => inquiry,
): Judgement {
  const names = witnesses.map((_, number) => `r${String(number)}`);
  const links = linksBelow(believe({ p: null, ...Object.fromEntries(names.map((name) => [name, 'p'])) }), 'p');
  let inquiry = prepare(hear(nodes));
  for (const [number, witness] of witnesses.entries()) {
    const link = links[number];
    if (link === undefined || witness === 'unheard') continue;
    const name = names[number] ?? '';
    const atMs = BEGAN + 5;
    const vitals = { quietMs: witness === 'receiving' ? 0 : 400 };
    const result =
      witness === 'unreachable'
        ? failedProbe(name, 'silent', atMs)
        : replicaProbe(name, channelTo('p', REPORTS[witness]), atMs, vitals);
    inquiry = seeReplica(inquiry, link, result);
  }
  // A sign of life makes the nodes look again.
  inquiry = {
    ...inquiry,
    opinions: new Map([...inquiry.opinions].map(([node, one]) => [node, { ...one, atMs: BEGAN + 6 }])),
  };
  return judge(inquiry, links, NODES, BEGAN + elapsedMs, JUDGEMENT_LIMITS);
}

describe('the table of death', () => {
  it.each<[readonly Witness[], Judgement['verdict']]>([
    [['broken'], 'dead'],
    [['broken', 'broken', 'broken'], 'dead'],
    [['broken', 'stopped'], 'dead'],
    [['broken', 'unreachable'], 'dead-and-some-replicas'],
    [['broken', 'unreachable', 'stopped'], 'dead-and-some-replicas'],
    [['unreachable'], 'dead-and-replicas'],
    [['unreachable', 'unreachable'], 'dead-and-replicas'],
    [[], 'dead-without-replicas'],
    [['receiving'], 'unproven'],
    [['broken', 'broken', 'receiving'], 'unproven'],
    [['unreachable', 'receiving'], 'unproven'],
    [['unknown'], 'unproven'],
    [['broken', 'unknown'], 'unproven'],
    [['broken', 'unheard'], 'unproven'],
    [['broken', 'quiet'], 'unproven'],
    [['stopped'], 'unproven'],
    [['stopped', 'stopped'], 'unproven'],
    [['stopped', 'unreachable'], 'unproven'],
  ])('with a majority of nodes refused and replicas %j: %s', (witnesses, verdict) => {
    expect(judged(REFUSED, witnesses).verdict).toBe(verdict);
  });

  it.each<[string, Readonly<Record<string, NodeVote>>, string]>([
    ['only one node cannot reach it', { n1: 'refused' }, 'too few nodes agree'],
    ['one of three reaches it', { n1: 'refused', n2: 'refused', n3: 'alive' }, 'a node reaches it'],
    ['silence is too young', { n1: 'silent', n2: 'silent' }, 'it has not been silent for long enough'],
    ['nobody has an opinion', { n1: 'none', n2: 'none', n3: 'none' }, 'too few nodes agree'],
  ])('proves nothing by broken replicas when %s, and says so', (_, nodes, missing) => {
    const judgement = judged(nodes, ['broken', 'broken']);
    expect(judgement.verdict).toBe('unproven');
    expect(judgement.missing).toContain(`no failover: ${missing}`);
  });

  it('comes to the same with silence once it has lasted', () => {
    expect(judged({ n1: 'silent', n2: 'silent' }, ['broken'], 1000).verdict).toBe('dead');
  });

  it('names the lack and every witness', () => {
    const { missing, because } = judged(REFUSED, ['broken', 'receiving']);
    expect(missing).toBe('no failover: a replica still receives from it');
    expect(because).toEqual([
      '2 of 3 nodes cannot reach it (n1 and n2 refused; n3 no opinion)',
      missing,
      'r0:3306 lost its source and cannot reconnect (error 2003)',
      expect.stringContaining('r1:3306 received something'),
    ]);
  });

  it('names what a proof rests on', () => {
    const { missing, because } = judged(REFUSED, ['broken']);
    expect(missing).toBeNull();
    expect(because).toHaveLength(2);
  });

  it('is told only when it is old enough not to be answered by the next knock', () => {
    expect(judged(REFUSED, ['receiving'], 299).settled).toBe(false);
    expect(judged(REFUSED, ['receiving'], 300).settled).toBe(true);
  });
});

describe('a canary that found nobody', () => {
  const used = (inquiry: Inquiry): Inquiry => canaryRestarted(inquiry, serverId('r0'), BEGAN + 2);

  it('speaks for replicas that merely have not noticed', () => {
    expect(judged(REFUSED, ['broken', 'quiet', 'quiet'], 20, used).verdict).toBe('dead');
    expect(judged(REFUSED, ['broken', 'quiet', 'unreachable'], 20, used).verdict).toBe('dead-and-some-replicas');
  });

  it('does not speak for those that receive, cannot be read, or were not heard', () => {
    expect(judged(REFUSED, ['broken', 'quiet', 'receiving'], 20, used).verdict).toBe('unproven');
    expect(judged(REFUSED, ['broken', 'unheard'], 20, used).verdict).toBe('unproven');
    expect(judged(REFUSED, ['broken', 'unknown'], 20, used).verdict).toBe('unproven');
  });

  it('is needed: another replica that broke by itself does not speak for them', () => {
    expect(judged(REFUSED, ['quiet', 'broken'], 20, used).verdict).toBe('unproven');
  });
});
