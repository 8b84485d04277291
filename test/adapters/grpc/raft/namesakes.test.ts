import { describe, expect, it } from 'vitest';
import { PeerNamesakes } from '../../../../src/adapters/grpc/raft/namesakes.js';
import type { NodeId } from '../../../../src/core/raft/message.js';

const b = 'b' as NodeId;

describe('the name of a node', () => {
  it('belongs to the process that is connected, by however many streams', () => {
    const names = new PeerNamesakes();
    const [first, second] = [names.hold(b, 'one'), names.hold(b, 'one')];
    expect(names.objection(b, 'one')).toBeNull();
    expect(names.objection(b, 'other')).toMatch(/two processes call themselves b/);
    first();
    first();
    expect(names.objection(b, 'other')).not.toBeNull();
    second();
    expect(names.objection(b, 'other')).toBeNull();
  });

  it('is not taken from a process by the end of another that had it before', () => {
    const names = new PeerNamesakes();
    const earlier = names.hold(b, 'one');
    const later = names.hold(b, 'two');
    earlier();
    expect(names.objection(b, 'one')).not.toBeNull();
    later();
    expect(names.objection(b, 'one')).toBeNull();
  });
});
