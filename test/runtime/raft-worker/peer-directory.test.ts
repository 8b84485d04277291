import { describe, expect, it } from 'vitest';
import type { Membership, NodeId } from '../../../src/core/raft/message.js';
import type { NodeInfo, PeerTransport } from '../../../src/runtime/ports/peer-transport.js';
import { PeerDirectory } from '../../../src/runtime/raft-worker/peer-directory.js';
import { FakeClock } from '../../support/fake-consensus.js';

function info(name: string, httpAddress = ''): NodeInfo {
  return { id: name as NodeId, raftAddress: `${name}:1`, httpAddress, grpcAddress: '', version: '1' };
}

function membership(...names: string[]): Membership {
  const addresses = Object.fromEntries(names.map((name) => [name, `${name}:1`]));
  return { voters: names as NodeId[], outgoing: [], learners: [], addresses };
}

function make(): { clock: FakeClock; directory: PeerDirectory; calls: string[] } {
  const clock = new FakeClock();
  const calls: string[] = [];
  const setPeers = (addresses: ReadonlyMap<NodeId, string>): void => {
    calls.push([...addresses.keys()].join(' '));
  };
  const transport = { setPeers } as unknown as PeerTransport;
  return { clock, calls, directory: new PeerDirectory(info('a'), transport, clock) };
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
});
