import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterId, Server, ServerFacts, ServerId } from '../../../src/core/topology/server.js';
import { indexServers, serverAt, sourceOf } from '../../../src/core/topology/sources.js';
import { ancestorsOf, descendantsOf, type Forest, growForest, rootOf } from '../../../src/core/topology/tree.js';
import { addressOf, channelTo, factsOf, serverId } from '../../support/facts.js';

function server(name: string, source: string | null = null, changes: Partial<ServerFacts> = {}): Server {
  return {
    id: serverId(name),
    address: addressOf(name),
    aliases: [],
    clusterId: 'c' as ClusterId,
    facts: factsOf({ channels: source === null ? [] : [channelTo(source)], ...changes }),
    changedAtMs: 0,
    firstSeenAtMs: 0,
  };
}

function shape(forest: Forest): Record<string, [string | null, number]> {
  return Object.fromEntries([...forest.nodes].map(([id, node]) => [id, [node.parent, node.depth]]));
}

describe('a forest', () => {
  it('places replicas below their sources', () => {
    const forest = growForest([server('c', 'b'), server('b', 'a'), server('d', 'a'), server('a')]);
    expect(shape(forest)).toEqual({ a: [null, 0], b: ['a', 1], d: ['a', 1], c: ['b', 2] });
    expect(forest.roots).toEqual(['a']);
    expect(forest.nodes.get(serverId('a'))?.children).toEqual(['b', 'd']);
    expect(ancestorsOf(forest, serverId('c'))).toEqual(['b', 'a']);
    expect(descendantsOf(forest, serverId('a'))).toEqual(['b', 'd', 'c']);
    expect(rootOf(forest, serverId('c'))).toBe('a');
    expect(rootOf(forest, serverId('a'))).toBe('a');
    expect([forest.coPrimaries, forest.loops, forest.orphans]).toEqual([[], [], []]);
  });

  it('tells orphans from primaries', () => {
    const forest = growForest([server('a'), server('b', 'gone'), server('c', 'b')]);
    expect(forest.roots).toEqual(['a', 'b']);
    expect(forest.orphans).toEqual(['b']);
    expect(shape(forest)).toEqual({ a: [null, 0], b: [null, 0], c: ['b', 1] });
  });

  it('cuts a pair of co-primaries at the one that is writable, or preferred', () => {
    const pair = [
      server('a', 'b', { readOnly: true }),
      server('b', 'a', { readOnly: false, superReadOnly: false }),
      server('c', 'a'),
    ];
    const forest = growForest(pair);
    expect(forest.coPrimaries).toEqual([['b', 'a']]);
    expect(forest.loops).toEqual([]);
    expect(shape(forest)).toEqual({ b: [null, 0], a: ['b', 1], c: ['a', 2] });
    expect(forest.nodes.get(serverId('b'))?.source).toBe('a');
    expect(growForest(pair, serverId('a')).roots).toEqual(['a']);
    expect(growForest(pair, serverId('c')).roots).toEqual(['b']);
  });

  it('reports longer rings and servers below themselves as loops', () => {
    const forest = growForest([
      server('a', 'c'),
      server('b', 'a'),
      server('c', 'b'),
      server('d', 'd'),
      server('e', 'd'),
    ]);
    expect(forest.loops).toEqual([['a', 'c', 'b'], ['d']]);
    expect(forest.coPrimaries).toEqual([]);
    expect(shape(forest)).toEqual({ a: [null, 0], b: ['a', 1], c: ['b', 2], d: [null, 0], e: ['d', 1] });
  });

  it('hangs the secondaries of a group below its primary, by the name they know or by who says it is that', () => {
    const member = (name: string, role: 'PRIMARY' | 'SECONDARY', primary: string): Server =>
      server(name, null, {
        group: { name: 'g', singlePrimary: true, state: 'ONLINE', role, others: [], primary: addressOf(primary) },
      });
    const forest = growForest([
      member('p', 'PRIMARY', 'p'),
      member('s', 'SECONDARY', 'p'),
      member('t', 'SECONDARY', 'p.internal'),
      server('r', 's'),
    ]);
    expect(shape(forest)).toEqual({ p: [null, 0], s: ['p', 1], t: ['p', 1], r: ['s', 2] });
    expect(forest.orphans).toEqual([]);
  });

  it('survives every way of pointing: no server is lost, no walk is endless', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const pointers = fc.array(fc.option(fc.constantFrom(...names, 'gone')), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(pointers, (sources) => {
        const servers = names.map((name, at) => server(name, sources[at] ?? null));
        const forest = growForest(servers);
        expect([...forest.nodes.keys()].sort()).toEqual(names);
        for (const [id, node] of forest.nodes) {
          expect(ancestorsOf(forest, id)).toHaveLength(node.depth);
          expect(forest.roots).toContain(rootOf(forest, id));
          expect(node.parent === null || node.parent === node.source).toBe(true);
        }
        const below = forest.roots.flatMap((root) => [root, ...descendantsOf(forest, root)]);
        expect(below.sort()).toEqual(names);
        for (const ring of [...forest.coPrimaries, ...forest.loops]) expect(forest.roots).toContain(ring[0]);
      }),
    );
  });
});

describe('the source of a server', () => {
  const a = server('a');
  const b = server('b');
  const pointing = (source: string, sourceId: ServerId | null): Server => ({
    ...server('r'),
    facts: factsOf({ channels: [channelTo(source, { sourceId })] }),
  });

  it('is the one whose uuid it learnt, wherever the address leads', () => {
    const index = indexServers([a, b]);
    expect(sourceOf(index, pointing('a', serverId('b')))).toBe(b);
    expect(sourceOf(index, pointing('virtual-ip', serverId('b')))).toBe(b);
  });

  it('is found by address before the first connection, and when the uuid is nobody known', () => {
    const index = indexServers([a, b]);
    expect(sourceOf(index, pointing('a', null))).toBe(a);
    expect(sourceOf(index, pointing('a', serverId('stranger')))).toBe(a);
    expect(sourceOf(index, pointing('nowhere', null))).toBeNull();
    expect(sourceOf(index, a)).toBeNull();
  });

  it('is found by an alias, unless another server answers at that address today', () => {
    const aliased = { ...a, aliases: [addressOf('old'), addressOf('b')] };
    const index = indexServers([aliased, b]);
    expect(serverAt(index, addressOf('old'))).toBe(aliased);
    expect(serverAt(index, addressOf('b'))).toBe(b);
    expect(serverAt(indexServers([b, aliased]), addressOf('b'))).toBe(b);
  });
});
