import { beforeEach, describe, expect, it } from 'vitest';
import type { NodeVote } from '../../../../src/core/analysis/vote.js';
import { Vigil } from '../../../../src/runtime/recovery/watches/vigil.js';
import { FakeClock } from '../../../support/raft/fake-consensus.js';

const TIMES = { vigilMs: 50, vigilWaitMs: 400 };

let clock: FakeClock;
let knocks: number;
let underWay: number;
let mostAtOnce: number;
/** How long the answer takes that a knock begun now would get; null: it gets none, and waits in vain. */
let way: { readonly vote: NodeVote; readonly ms: number } | null;

beforeEach(() => {
  clock = new FakeClock();
  [knocks, underWay, mostAtOnce] = [0, 0, 0];
  way = null;
});

/** As a kernel has it: what was sent into a cut way is lost, and only a new connection finds the way again. */
async function knock(_address: object, timeoutMs: number): Promise<{ vote: NodeVote; detail: string }> {
  knocks += 1;
  underWay += 1;
  mostAtOnce = Math.max(mostAtOnce, underWay);
  const { vote, ms } = way ?? { vote: 'silent', ms: timeoutMs };
  await new Promise<void>((resolve) => clock.setTimer(ms, resolve));
  underWay -= 1;
  return { vote, detail: '' };
}

function begin(): { readonly vigil: Vigil; heardAtMs: number | null } {
  const vigil = new Vigil({ host: 'db', port: 3306 }, { clock, prober: { knock } }, TIMES);
  const story: { readonly vigil: Vigil; heardAtMs: number | null } = { vigil, heardAtMs: null };
  void vigil.answered().then(() => {
    story.heardAtMs = clock.now;
  });
  return story;
}

describe('a vigil', () => {
  it('hears a server whose way was cut within one turn of the way being whole again', async () => {
    const story = begin();
    await clock.advance(60_000);
    expect(story.heardAtMs).toBeNull();
    const healedAtMs = clock.now;
    way = { vote: 'alive', ms: 3 };
    await clock.advance(1000);
    expect((story.heardAtMs ?? Number.POSITIVE_INFINITY) - healedAtMs).toBeLessThanOrEqual(TIMES.vigilMs + 3);
  });

  it('hears one that refused within one turn of its start', async () => {
    way = { vote: 'refused', ms: 1 };
    const story = begin();
    await clock.advance(10_000);
    const startedAtMs = clock.now;
    way = { vote: 'alive', ms: 3 };
    await clock.advance(1000);
    expect((story.heardAtMs ?? Number.POSITIVE_INFINITY) - startedAtMs).toBeLessThanOrEqual(TIMES.vigilMs + 4);
  });

  it('has no more than a few connections under way, however long the server is silent', async () => {
    begin();
    await clock.advance(60_000);
    expect(mostAtOnce).toBe(TIMES.vigilWaitMs / TIMES.vigilMs);
  });

  it('that is ended wakes whoever sleeps on it and knocks no more', async () => {
    const story = begin();
    await clock.advance(1000);
    story.vigil.end();
    await clock.advance(0);
    expect(story.heardAtMs).not.toBeNull();
    const before = knocks;
    await clock.advance(5000);
    expect(knocks).toBe(before);
    expect(story.vigil.isOver()).toBe(true);
  });
});
