import { describe, expect, it } from 'vitest';
import type { Membership, NodeId } from '../../../src/core/raft/message.js';
import type { NodeInfo, PeerTransport } from '../../../src/runtime/ports/peer-transport.js';
import { PeerDirectory } from '../../../src/runtime/raft-worker/peer-directory.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';

function info(name: string, httpAddress = ''): NodeInfo {
  return { id: name as NodeId, raftAddress: `${name}:1`, httpAddress, grpcAddress: '', version: '1', schema: 1 };
}

function membership(...names: string[]): Membership {
  const addresses = Object.fromEntries(names.map((name) => [name, `${name}:1`]));
  return { voters: names as NodeId[], outgoing: [], learners: [], addresses };
}

interface Made {
  readonly clock: FakeClock;
  readonly directory: PeerDirectory;
  /** Whom the transport was told to reach, and where. */
  readonly calls: string[];
  readonly places: ReadonlyMap<NodeId, string>[];
  readonly connected: Set<NodeId>;
}

function make(): Made {
  const clock = new FakeClock();
  const calls: string[] = [];
  const places: ReadonlyMap<NodeId, string>[] = [];
  const setPeers = (addresses: ReadonlyMap<NodeId, string>): void => {
    calls.push([...addresses.keys()].sort().join(' '));
    places.push(addresses);
  };
  const connected = new Set<NodeId>();
  const peerState = (id: NodeId) => ({ connected: connected.has(id), trouble: null });
  const transport = { setPeers, peerState } as unknown as PeerTransport;
  return { clock, calls, places, connected, directory: new PeerDirectory(info('a'), transport, clock) };
}

describe('the directory of peers', () => {
  it('connects to all members but itself', () => {
    const { directory, calls } = make();
    directory.follow(membership('a', 'b', 'c'));
    expect(calls).toEqual(['b c']);
  });

  it('keeps a removed member in reach for a moment, so that it hears of it', async () => {
    const { directory, calls, clock } = make();
    directory.follow(membership('a', 'b', 'c'));
    directory.follow(membership('a', 'b'));
    expect(calls.at(-1)).toBe('b c');
    await clock.advance(3000);
    expect(calls.at(-1)).toBe('b');
  });

  it('knows itself, and others by what they say, and tells when that is news', () => {
    const { directory } = make();
    expect(directory.infos).toEqual([info('a')]);
    expect(directory.met(info('b'))).toBe(true);
    expect(directory.met(info('b'))).toBe(false);
    expect(directory.met(info('b', 'http://new'))).toBe(true);
    expect(directory.met(info('a', 'http://double'))).toBe(false);
    expect(directory.infos).toEqual([info('a'), info('b', 'http://new')]);
  });

  it('looks for a node where it says that it is, though the log does not know yet', () => {
    const { directory, places } = make();
    directory.follow(membership('a', 'b', 'c'));
    directory.met({ ...info('b'), raftAddress: 'elsewhere:1' });
    expect(places.at(-1)?.get('b' as NodeId)).toBe('elsewhere:1');
    directory.follow(membership('a', 'b'));
    expect(places.at(-1)?.get('b' as NodeId)).toBe('elsewhere:1');
    directory.met(info('b'));
    expect(places.at(-1)?.get('b' as NodeId)).toBe('b:1');
  });

  it('believes what others say of a node only while it cannot be reached', () => {
    const { directory, places, connected } = make();
    directory.follow(membership('a', 'b', 'c'));
    connected.add('b' as NodeId);
    directory.heard({ index: 7, addresses: { a: 'x:1', b: 'x:2', c: 'x:3', d: 'x:4' } });
    expect(Object.fromEntries(places.at(-1) ?? [])).toEqual({ b: 'b:1', c: 'x:3' });
  });

  it('follows the log when that learns a new address of a node that is out of reach', () => {
    const { directory, places } = make();
    directory.follow(membership('a', 'b'));
    directory.met({ ...info('b'), raftAddress: 'second:1' });
    const moved = membership('a', 'b');
    directory.follow({ ...moved, addresses: { ...moved.addresses, b: 'third:1' } });
    expect(places.at(-1)?.get('b' as NodeId)).toBe('third:1');
  });
});
