import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { admit, introduceCaller } from '../../../../src/adapters/grpc/raft/admission.js';
import type { NodeId } from '../../../../src/core/raft/message.js';

const self = { clusterId: 'c', nodeId: 'a' as NodeId };
const caller = { clusterId: 'c', nodeId: 'b' as NodeId };

describe('admission of a caller', () => {
  it('takes a node of the same cluster and protocol', () => {
    expect(admit(self, introduceCaller(caller))).toEqual({ ok: true, caller: 'b' });
  });

  it.each([
    ['no name', new Metadata(), 'the caller does not say which node it is: this port is for orchestrator nodes only'],
    [
      'another cluster',
      introduceCaller({ ...caller, clusterId: 'd' }),
      'node b is of cluster d, and node a of cluster c',
    ],
    ['our own name', introduceCaller(self), 'two nodes are configured as a'],
    ['another protocol', later(), 'node b speaks version 2 of the peer protocol, and node a version 1'],
  ])('refuses a caller with %s', (_, metadata, reason) => {
    expect(admit(self, metadata)).toMatchObject({ ok: false, reason });
  });
});

function later(): Metadata {
  const metadata = introduceCaller(caller);
  metadata.set('orchestrator-protocol', '2');
  return metadata;
}
