/** A replication group is one cluster, and stays it when it elects another primary: in whatever order that is learnt. */
import { describe, expect, it } from 'vitest';
import type { ServerObserved } from '../../../src/core/ledger/command.js';
import { addressOf, channelTo, observed } from '../../support/facts.js';
import { FedLedger } from '../../support/ledger.js';

const ALL = ['a', 'b', 'c'];

/** What the member says of the group of `members` whose primary is `primary`. */
function member(name: string, primary: string, members: readonly string[] = ALL): ServerObserved {
  const role = name === primary ? ('PRIMARY' as const) : ('SECONDARY' as const);
  const others = members.filter((other) => other !== name).map(addressOf);
  const readOnly = role === 'SECONDARY';
  return observed(name, undefined, {
    readOnly,
    superReadOnly: readOnly,
    group: { name: 'g', singlePrimary: true, state: 'ONLINE', role, others, primary: addressOf(primary) },
  });
}

function group(...servers: ServerObserved[]): FedLedger {
  const fed = new FedLedger();
  fed.feed({ kind: 'topology-observed', servers });
  return fed;
}

function orders<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item) => orders(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}

describe('a replication group', () => {
  it.each(orders(ALL))(
    'is one cluster below its primary when its members are found in the order %s %s %s',
    (...names) => {
      const fed = new FedLedger();
      for (const name of names) fed.feed({ kind: 'topology-observed', servers: [member(name, 'a')] });
      expect([...fed.state.clusters.values()]).toMatchObject([{ primary: 'a' }]);
    },
  );

  it.each(orders(ALL))('keeps its cluster when it elects another primary, learnt in the order %s %s %s', (...names) => {
    const fed = group(...ALL.map((name) => member(name, 'a')));
    const id = fed.clusterOf('a');
    for (const name of names) {
      fed.feed({ kind: 'topology-observed', servers: [member(name, 'b')] });
      expect([...fed.state.clusters.keys()]).toEqual([id]);
    }
    expect(fed.state.clusters.get(id as never)).toMatchObject({ primary: 'b', formerNames: ['a:3306'] });
  });

  it.each([[['b', 'c']], [['c', 'b']]])(
    'keeps it when the primary died and says the old thing for ever',
    (survivors) => {
      const fed = group(...ALL.map((name) => member(name, 'a')));
      const id = fed.clusterOf('a');
      for (const name of survivors) {
        fed.feed({ kind: 'topology-observed', servers: [member(name, 'b', ['b', 'c'])] });
        expect([...fed.state.clusters.keys()]).toEqual([id]);
      }
      expect([...fed.state.clusters.values()]).toMatchObject([{ id, primary: 'b' }]);
      expect(fed.clusterOf('a')).toBe(id);
    },
  );

  it('of two is headed by the one that is left', () => {
    const fed = group(member('a', 'a', ['a', 'b']), member('b', 'a', ['a', 'b']));
    fed.feed({ kind: 'topology-observed', servers: [member('b', 'b', ['b'])] });
    expect([...fed.state.clusters.values()]).toMatchObject([{ primary: 'b' }]);
  });

  it('takes along the replicas of its members', () => {
    const fed = group(...ALL.map((name) => member(name, 'a')), observed('r', 'c'));
    const id = fed.clusterOf('r');
    fed.feed({ kind: 'topology-observed', servers: ALL.map((name) => member(name, 'c')) });
    expect([fed.clusterOf('r'), fed.state.clusters.size]).toEqual([id, 1]);
  });

  it('whose primary replicates from another cluster belongs to that one', () => {
    const a = member('a', 'a');
    const fed = group(observed('p'), { ...a, facts: { ...a.facts, channels: [channelTo('p')] } }, member('b', 'a'));
    expect([...fed.state.clusters.values()]).toMatchObject([{ primary: 'p' }]);
  });

  it('is left by a member that is no member any more', () => {
    const fed = group(...ALL.map((name) => member(name, 'a')));
    fed.feed({ kind: 'topology-observed', servers: [observed('c')] });
    expect(fed.clusterOf('c')).not.toBe(fed.clusterOf('a'));
  });
});
