import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assignedTo,
  isLater,
  type Participant,
  sameParticipants,
  sortedParticipants,
} from '../../../src/core/topology/assignment.js';

const KEYS = Array.from({ length: 1000 }, (_, index) => `db-${String(index)}.example:3306`);

const aNode = fc.record({
  id: fc.stringMatching(/^[a-z0-9.]{1,12}:\d{2,5}$/),
  dataCenter: fc.constantFrom('', 'east', 'west'),
});
const someNodes = fc
  .uniqueArray(aNode, { minLength: 1, maxLength: 7, selector: ({ id }) => id })
  .map(sortedParticipants);

function nodesOf(...ids: string[]): readonly Participant[] {
  return ids.map((id) => ({ id, dataCenter: '' }));
}

function shares(nodes: readonly Participant[], dataCenter = ''): Map<string, number> {
  const counts = new Map(nodes.map(({ id }) => [id, 0]));
  for (const key of KEYS) {
    const node = assignedTo(key, dataCenter, nodes) ?? '';
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return counts;
}

describe('the assignment', () => {
  it('gives each server to one who takes part, whatever the order of the list', () => {
    fc.assert(
      fc.property(someNodes, fc.string(), fc.constantFrom('', 'east', 'nowhere'), (nodes, key, dataCenter) => {
        const node = assignedTo(key, dataCenter, nodes);
        expect(nodes.map(({ id }) => id)).toContain(node);
        expect(assignedTo(key, dataCenter, [...nodes].reverse())).toBe(node);
      }),
    );
    expect(assignedTo('db:3306', '', [])).toBeNull();
  });

  it('moves only what the one who left looked at', () => {
    fc.assert(
      fc.property(someNodes, fc.nat(), (nodes, pick) => {
        const gone = nodes[pick % nodes.length]?.id;
        const left = nodes.filter(({ id }) => id !== gone);
        for (const key of KEYS.slice(0, 50)) {
          const before = assignedTo(key, '', nodes);
          if (before !== gone) expect(assignedTo(key, '', left)).toBe(before);
        }
      }),
    );
  });

  it('gives to one who joins and moves nothing between the others', () => {
    fc.assert(
      fc.property(someNodes, fc.stringMatching(/^[A-Z]{4}$/), (nodes, id) => {
        const more = sortedParticipants([...nodes, { id, dataCenter: '' }]);
        for (const key of KEYS.slice(0, 50)) {
          const after = assignedTo(key, '', more);
          if (after !== id) expect(after).toBe(assignedTo(key, '', nodes));
        }
      }),
    );
  });

  it.each([
    ['10.0.0.1:10008', '10.0.0.2:10008', '10.0.0.3:10008'],
    ['127.0.0.1:41001', '127.0.0.1:41002', '127.0.0.1:41003', '127.0.0.1:41004', '127.0.0.1:41005'],
  ])('spreads evenly over nodes whose names differ in one digit', (...ids) => {
    const fair = KEYS.length / ids.length;
    for (const count of shares(nodesOf(...ids)).values()) {
      expect(count).toBeGreaterThan(0.8 * fair);
      expect(count).toBeLessThan(1.2 * fair);
    }
  });

  it('spreads servers of one host with neighbouring ports', () => {
    const nodes = nodesOf('n1', 'n2', 'n3');
    const counts = new Map<string, number>();
    for (let port = 20_000; port < 20_300; port += 1) {
      const node = assignedTo(`127.0.0.1:${String(port)}`, '', nodes) ?? '';
      counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(count).toBeGreaterThan(70);
  });

  it('prefers who stands in the data centre of the server, and asks the others only where nobody does', () => {
    const nodes = [
      { id: 'n1', dataCenter: 'east' },
      { id: 'n2', dataCenter: 'west' },
      { id: 'n3', dataCenter: 'west' },
    ];
    expect(shares(nodes, 'east').get('n1')).toBe(KEYS.length);
    expect(shares(nodes, 'west').get('n1')).toBe(0);
    expect(shares(nodes, 'west').get('n2')).toBeGreaterThan(400);
    expect(shares(nodes, 'north').get('n1')).toBeGreaterThan(250);
    expect(shares(nodes, '').get('n1')).toBeGreaterThan(250);
  });
});

describe('rosters', () => {
  it('replace each other by term and number', () => {
    const nodes = nodesOf('n1');
    expect(isLater({ term: 2, number: 1, nodes }, { term: 1, number: 9, nodes })).toBe(true);
    expect(isLater({ term: 2, number: 2, nodes }, { term: 2, number: 1, nodes })).toBe(true);
    expect(isLater({ term: 2, number: 1, nodes }, { term: 2, number: 1, nodes })).toBe(false);
    expect(isLater({ term: 1, number: 9, nodes }, { term: 2, number: 1, nodes })).toBe(false);
  });

  it('are the same when the same nodes stand in the same places', () => {
    expect(sameParticipants(nodesOf('n1', 'n2'), nodesOf('n1', 'n2'))).toBe(true);
    expect(sameParticipants(nodesOf('n1'), nodesOf('n1', 'n2'))).toBe(false);
    expect(sameParticipants(nodesOf('n1'), [{ id: 'n1', dataCenter: 'east' }])).toBe(false);
  });
});
