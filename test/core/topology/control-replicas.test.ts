import { describe, expect, it } from 'vitest';
import {
  controlReplicas,
  heuristicLagSeconds,
  rowLoggingReplicas,
  type TreePlace,
} from '../../../src/core/topology/control-replicas.js';
import { serverId } from '../../support/facts.js';

function place(name: string, depth: number, source: string | null, changes: Partial<TreePlace> = {}): TreePlace {
  return {
    id: serverId(name),
    depth,
    source: source === null ? null : serverId(source),
    dataCenter: 'dc1',
    replicas: 0,
    lagSeconds: 0,
    usable: true,
    logsRows: true,
    ...changes,
  };
}

const names = (places: readonly TreePlace[]): readonly string[] => places.map(({ id }) => id);

describe('control replicas', () => {
  const primary = place('p', 0, null, { replicas: 5 });

  it('are the busiest below the primary, then the leaves that lag most, two in each data centre', () => {
    const places = [
      primary,
      place('leaf-1', 1, 'p', { lagSeconds: 3 }),
      place('leaf-2', 1, 'p', { lagSeconds: 9 }),
      place('busy', 1, 'p', { replicas: 2 }),
      place('far-1', 1, 'p', { dataCenter: 'dc2', lagSeconds: null }),
      place('far-2', 1, 'p', { dataCenter: 'dc2', lagSeconds: 1 }),
      place('far-3', 1, 'p', { dataCenter: 'dc2', lagSeconds: 2 }),
    ];
    expect(names(controlReplicas(places))).toEqual(['busy', 'leaf-2', 'far-3', 'far-2']);
  });

  it('go down from the chosen intermediate sources, and take the busiest of the third level', () => {
    const places = [
      primary,
      place('a', 1, 'p', { replicas: 3 }),
      place('a1', 2, 'a'),
      place('a2', 2, 'a', { replicas: 2 }),
      place('a3', 2, 'a', { replicas: 1 }),
      place('b', 1, 'p'),
      place('c', 1, 'p'),
      place('c1', 2, 'c'),
      place('x', 3, 'a2'),
      place('y', 3, 'a2', { replicas: 1 }),
      place('z', 3, 'a3'),
    ];
    expect(names(controlReplicas(places))).toEqual(['a', 'b', 'a2', 'a3', 'y', 'x']);
  });

  it('leave out what was not seen or is configured away', () => {
    const places = [primary, place('a', 1, 'p', { usable: false, lagSeconds: 100 }), place('b', 1, 'p')];
    expect(names(controlReplicas(places))).toEqual(['b']);
    expect(heuristicLagSeconds(places)).toBe(0);
  });

  it('tell the lag of their cluster, if any of them knows its own', () => {
    expect(heuristicLagSeconds([primary, place('a', 1, 'p', { lagSeconds: null })])).toBeNull();
    expect(
      heuristicLagSeconds([primary, place('a', 1, 'p', { lagSeconds: 4 }), place('b', 1, 'p', { lagSeconds: null })]),
    ).toBe(4);
  });

  it('are for gh-ost those that log rows, the least depended upon first', () => {
    const places = [
      primary,
      place('a', 1, 'p', { replicas: 1 }),
      place('b', 1, 'p', { logsRows: false }),
      place('c', 2, 'a'),
    ];
    expect(names(rowLoggingReplicas(places))).toEqual(['c', 'a']);
  });
});
