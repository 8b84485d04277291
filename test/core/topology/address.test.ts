import { describe, expect, it } from 'vitest';
import { addressKey, sameAddress } from '../../../src/core/topology/address.js';
import type { ClusterId, Server } from '../../../src/core/topology/server.js';
import { indexServers, serverAt } from '../../../src/core/topology/sources.js';
import { addressOf, observed } from '../../support/facts.js';

describe('an address', () => {
  it('is the same however its host name is spelled', () => {
    const [one, other] = [addressOf('DB-1.Example'), addressOf('db-1.example')];
    expect(sameAddress(one, other)).toBe(true);
    expect(addressKey(one)).toBe(addressKey(other));
    expect(sameAddress(one, { ...other, port: other.port + 1 })).toBe(false);
    expect(sameAddress(one, addressOf('db-2.example'))).toBe(false);
  });

  it('leads to its server however it is spelled', () => {
    const server: Server = {
      ...observed('db-1'),
      aliases: [],
      clusterId: 'c' as ClusterId,
      changedAtMs: 0,
      firstSeenAtMs: 0,
    };
    expect(serverAt(indexServers([server]), addressOf('DB-1'))).toBe(server);
  });
});
