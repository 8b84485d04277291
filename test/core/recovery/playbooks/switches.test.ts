// Plans that change one server: they end the same wherever leaders die, rest on what was seen under the barrier, and put
// back what they took away for the time being, whatever became of the rest.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Recovery } from '../../../../src/core/recovery/recovery.js';
import type { Step } from '../../../../src/core/recovery/step.js';
import type { SwitchAction } from '../../../../src/core/recovery/requests/switch-action.js';
import type { SwitchTerms } from '../../../../src/core/recovery/requests/switching.js';
import { gtidText, MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { diesAt, play, type Played } from '../../../support/worlds/plan-player.js';
import { openingOf, participant } from '../../../support/worlds/recoveries.js';

const [P, A] = [uuidOf(1), uuidOf(2)];

let world: MysqlWorld;

function fresh(): MysqlWorld {
  const made = new MysqlWorld();
  made.add(P, { readOnly: false });
  made.follow(made.add(A), made.get(P));
  made.write(made.get(P), 5);
  made.settle();
  return made;
}

beforeEach(() => {
  world = fresh();
});

function step(action: SwitchAction): Step {
  return { kind: 'switch', server: A, action };
}

const STOP = step({ do: 'stop', channel: null });
const START = step({ do: 'start', channel: null, until: '', acknowledges: false, refetches: false });
const DRAIN = step({ do: 'drain', limitMs: 1000 });
const [SHUT, REOPEN] = [step({ do: 'shut', on: true }), step({ do: 'shut', on: false })];

function opening(command: SwitchTerms['command'], steps: readonly Step[], afterwards: readonly Step[] = []): Recovery {
  const both = [participant(A, 'place'), participant(P, 'place')];
  return openingOf('switch', A, both, { switching: { command, steps, afterwards } });
}

function actions({ record }: Played): readonly string[] {
  return record.steps.map(({ step: taken }) => (taken.kind === 'switch' ? taken.action.do : taken.kind));
}

describe('a switch', () => {
  it('ends the same wherever its leaders die', () => {
    const plan = opening('restart-replica', [STOP, START]);
    for (let point = 1; point <= 12; point++) {
      const here = fresh();
      const played = play(plan, here, diesAt(point));
      expect(played.ending.verdict).toEqual({ kind: 'succeeded' });
      expect([here.get(A).io, here.get(A).sql]).toEqual([true, true]);
    }
  });

  it('goes no further than what failed, and says why', () => {
    world.get(A).up = false;
    const { ending } = play(opening('restart-replica', [STOP, START]), world);
    expect(ending.verdict).toMatchObject({ kind: 'failed', reason: expect.stringContaining('is down') as unknown });
  });

  it('skips what was seen to fail, once, wherever its leaders die', () => {
    for (let point = 0; point <= 14; point++) {
      const here = fresh();
      const replica = here.get(A);
      replica.broken = true;
      here.write(here.get(P), 2);
      here.receive(replica);
      const failing = replica.relay[0];
      const played = play(opening('skip-query', [START]), here, diesAt(point));
      expect(played.ending.verdict).toEqual({ kind: 'succeeded' });
      expect(actions(played)).toEqual(['see-failure', 'skip', 'start']);
      here.settle();
      expect(replica.executed.has(failing ?? '')).toBe(true);
      expect(gtidText(replica.executed)).toBe(gtidText(here.get(P).executed));
    }
  });

  it('that would skip something where nothing fails changes nothing', () => {
    const { ending, record } = play(opening('skip-query', [START]), world);
    expect(ending.verdict).toMatchObject({ kind: 'undone', reason: 'no SQL error' });
    expect(record.steps).toHaveLength(1);
  });

  it('lets a replica forget what it alone has, by what its source has after it stands still', () => {
    for (let point = 0; point <= 24; point++) {
      const here = fresh();
      here.errant(here.get(A));
      const plan = opening('gtid-errant-reset-master', [DRAIN, SHUT], [REOPEN, START]);
      const played = play(plan, here, diesAt(point));
      expect(played.ending.verdict).toEqual({ kind: 'succeeded' });
      expect(gtidText(here.get(A).executed)).toBe(gtidText(here.get(P).executed));
      expect(here.kept.size).toBe(1);
      expect([here.get(A).io, here.get(A).sql]).toEqual([true, true]);
    }
  });

  it('that finds nothing errant starts again what it had stopped', () => {
    const played = play(opening('gtid-errant-reset-master', [DRAIN, SHUT], [REOPEN, START]), world);
    expect(played.ending.verdict).toMatchObject({ kind: 'undone' });
    expect(JSON.stringify(played.ending.verdict)).toContain('because no errant GTID is found');
    expect(actions(played)).toEqual(['drain', 'look', 'shut', 'start']);
    expect(world.get(A).io).toBe(true);
  });

  it('covers errant transactions on the primary, and only those', () => {
    world.errant(world.get(A));
    const { ending } = play(opening('gtid-errant-inject-empty', []), world);
    expect(ending.verdict).toEqual({ kind: 'succeeded' });
    expect(gtidText(world.get(P).executed)).toBe(gtidText(world.get(A).executed));
    const again = play(opening('gtid-errant-inject-empty', []), world);
    expect(again.ending.verdict).toMatchObject({ kind: 'undone' });
  });

  it('asks nobody to follow by GTID whose source has purged what it lacks, or lacks what it has', () => {
    const follow = step({ do: 'follow-by-gtid', on: true, running: { io: true, sql: true } });
    expect(play(opening('enable-gtid', [follow]), world).ending.verdict).toEqual({ kind: 'succeeded' });
    world.errant(world.get(A));
    const errant = play(opening('enable-gtid', [follow]), world).ending.verdict;
    expect(errant).toMatchObject({ kind: 'undone', reason: expect.stringContaining('lacks') as unknown });
    const other = fresh();
    other.get(A).executed.clear();
    for (const one of other.get(P).executed) other.get(P).purged.add(one);
    expect(play(opening('enable-gtid', [follow]), other).ending.verdict).toMatchObject({ kind: 'undone' });
  });
});
