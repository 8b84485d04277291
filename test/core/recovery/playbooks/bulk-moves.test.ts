// Many moves in one plan, upon the model of MySQL: how many stand at a time, who is waited for, who is left out and why, and
// where everybody is when one of them gets stuck or somebody cancels it.
import { describe, expect, it } from 'vitest';
import { advance } from '../../../../src/core/recovery/advance.js';
import { withCancellation, withIntents, withOutcome } from '../../../../src/core/recovery/record.js';
import type { ServerId } from '../../../../src/core/topology/server.js';
import { uuidOf } from '../../../support/worlds/mysql-world.js';
import { type Disturb, immortal, play } from '../../../support/worlds/plan-player.js';
import { participant } from '../../../support/worlds/recoveries.js';
import { A, B, below, C, opening, P, sourcesIn, UNMOVED, world } from '../../../support/worlds/three-replicas.js';

describe('a plan of many moves', () => {
  it('moves those who can, and names the others', () => {
    const servers = world();
    servers.errant(servers.get(C));
    const { ending } = play(opening([below(B, A), below(C, A)]), servers);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [{ server: C }] });
    expect(sourcesIn(servers)).toEqual({ ...UNMOVED, [B]: [A, true] });
  });

  it('lets the first go alone, so that what is wrong with the place is seen on one of them', () => {
    const servers = world();
    const { ending, record } = play(opening([below(B, A), below(C, A)]), servers);
    expect(ending.verdict).toEqual({ kind: 'succeeded' });
    const order = record.steps.filter(({ step }) => step.kind !== 'look').map(({ step }) => [step.kind, step.server]);
    expect(order).toEqual([
      ['stop-io', B],
      ['repoint', B],
      ['stop-io', C],
      ['repoint', C],
    ]);
  });

  it.each([
    ['refuses to go back as well', 'state', true, [A, P]],
    ['falls silent', 'limit', true, [A, A]],
    ['refuses, its source being gone', 'state', false, [A, A]],
  ] as const)('of many begins with nobody else only where one %s', (_what, code, isSourceUp, then) => {
    const servers = world();
    const d = uuidOf(5);
    servers.follow(servers.add(d), servers.get(P));
    servers.settle();
    const plan = opening(
      [below(B, A), below(C, A), below(d, A)],
      { atOnce: 1 },
      { [P]: { role: isSourceUp ? 'primary' : 'gone' } },
    );
    const more = { ...plan.inputs, participants: [...plan.inputs.participants, participant(d, 'replica')] };
    const breaks: Disturb = (step, outcome) =>
      step.kind === 'repoint' && step.server === C ? { ok: false, code, error: 'no', retriable: false } : outcome;
    const { ending } = play({ ...plan, inputs: more }, servers, immortal, breaks);
    expect(ending.verdict.kind).toBe('failed');
    expect([servers.get(B).source, servers.get(d).source]).toEqual(then);
    expect(servers.get(d).io).toBe(true);
    const left = ending.lost.find(({ server }) => server === d)?.reason ?? '';
    expect(left).toMatch(then[1] === P ? /^it was not begun with: \S+ could be neither moved nor put back$/ : /^$/);
  });

  it('below one that lags waits once for all of them', () => {
    const servers = world();
    servers.write(servers.get(P), 3);
    servers.receive(servers.get(B), 2);
    servers.receive(servers.get(C), 1);
    servers.get(A).slow = true;
    const { ending, record } = play(opening([below(B, A), below(C, A)], { atOnce: 1 }), servers);
    const reason = 'not applied in time';
    expect(ending).toMatchObject({
      verdict: { kind: 'undone' },
      lost: [
        { server: B, reason },
        { server: C, reason },
      ],
    });
    expect(record.steps.filter(({ step }) => step.kind === 'await-applied')).toHaveLength(1);
    expect(sourcesIn(servers)).toEqual(UNMOVED);
  });

  it.each<readonly [string, 'limit' | 'statement', RegExp]>([
    ['falls silent', 'limit', /it is started by itself when it answers again/],
    ['refuses', 'statement', /mend that, then: orchestrator-client -c start-replica -i/],
  ])('one of whom %s on its way says where everybody is and what is left to do', (_what, code, next) => {
    const servers = world();
    const d = uuidOf(5);
    servers.follow(servers.add(d), servers.get(P));
    servers.settle();
    servers.errant(servers.get(d));
    const plan = opening([below(B, A), below(C, A), below(d, A)]);
    const more = { ...plan.inputs, participants: [...plan.inputs.participants, participant(d, 'replica')] };
    const breaks: Disturb = (step, outcome) =>
      step.kind === 'repoint' && step.server === C ? { ok: false, code, error: 'gone', retriable: false } : outcome;
    const { ending } = play({ ...plan, inputs: more }, servers, immortal, breaks);
    expect(ending.lost.map(({ server }) => server)).toEqual([C, d]);
    const reason = ending.verdict.kind === 'failed' ? ending.verdict.reason : '';
    expect(reason).toMatch(new RegExp(`^\\S+: gone; and it could not be put back: gone; ${next.source}`));
    const nameIn = (id: ServerId): string => {
      const { host, port } = more.participants.find((one) => one.id === id) ?? { host: '', port: 0 };
      return `${host}:${String(port)}`;
    };
    expect(reason).toContain(`; moved: ${nameIn(B)}; where they were: ${nameIn(d)}: it has transactions`);
  });

  it('keeps no more without their source than it may', () => {
    const plan = opening([below(B, A), below(C, A)], { atOnce: 1 });
    const servers = world();
    const { record } = play(plan, servers);
    const order = record.steps.filter(({ step }) => step.kind !== 'look').map(({ step }) => [step.kind, step.server]);
    expect(order).toEqual([
      ['stop-io', B],
      ['repoint', B],
      ['stop-io', C],
      ['repoint', C],
    ]);
  });

  it('that is cancelled finishes what has begun and names the rest', () => {
    const servers = world();
    let record = opening([below(B, A), below(C, A)], { atOnce: 1 });
    const stopped = (): boolean =>
      record.steps.some(({ step, outcome }) => step.kind === 'stop-io' && outcome !== null);
    while (!stopped()) {
      const decision = advance(record, new Set());
      if (decision.kind !== 'run') throw new Error(decision.kind);
      record = withIntents(record, decision.steps, 1, 0);
      for (const { number, step } of decision.steps) record = withOutcome(record, number, servers.take(step), 0);
    }
    const { ending } = play(withCancellation(record, 'ann', 1), servers);
    expect(ending).toMatchObject({
      verdict: { kind: 'succeeded' },
      lost: [{ server: C, reason: 'it was not begun with: ann cancelled it' }],
    });
    expect(sourcesIn(servers)).toEqual({ ...UNMOVED, [B]: [A, true] });
  });
});
