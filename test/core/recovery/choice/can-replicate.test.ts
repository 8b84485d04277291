import { describe, expect, it } from 'vitest';
import {
  type ReplicationRules,
  whyCannotBeginByGtid,
  whyCannotReplicate,
} from '../../../../src/core/recovery/choice/can-replicate.js';
import type { ClusterId, Server, ServerFacts } from '../../../../src/core/topology/server.js';
import { addressOf, channelTo, factsOf, serverId } from '../../../support/facts.js';

const RULES: ReplicationRules = { lowerVersionAllowed: false, verifyFilters: false, maintenanceLagSeconds: 20 };
const OLDER = { text: '8.0.40', major: 8, minor: 0, patch: 40 };

function server(name: string, changes: Partial<ServerFacts> = {}): Server {
  return {
    id: serverId(name),
    address: addressOf(name),
    aliases: [],
    clusterId: 'c' as ClusterId,
    facts: factsOf({ serverNumber: name === 'a' ? 1 : 2, ...changes }),
    changedAtMs: 0,
    firstSeenAtMs: 0,
  };
}

const replica = (changes: Partial<ServerFacts> = {}): Server =>
  server('a', { channels: [channelTo('primary')], ...changes });

describe('a server can replicate from another', () => {
  it('when nothing speaks against it', () => {
    expect(whyCannotReplicate(replica(), server('b'), RULES)).toBeNull();
    expect(whyCannotReplicate(replica(), server('b', { version: OLDER }), RULES)).toBeNull();
  });

  it.each<[string, Partial<ServerFacts>, Partial<ServerFacts>]>([
    ['writes no binary log', {}, { binlogEnabled: false }],
    ['log_slave_updates', {}, { channels: [channelTo('x')], logReplicaUpdates: false }],
    ['MariaDB does not follow MySQL', { flavor: 'MariaDB' }, {}],
    ['its gtid_mode is OFF, and ON on the source', { gtidMode: 'OFF' }, {}],
    ['its gtid_mode is ON, and OFF on the source', {}, { gtidMode: 'OFF' }],
    ['its version 8.0.40 is lower than 9.7.0', { version: OLDER }, {}],
    ['binlog_format STATEMENT cannot hold ROW', { binlogFormat: 'STATEMENT' }, {}],
    ['both have the server_id 1', {}, { serverNumber: 1 }],
    ['is delayed by 60 s', {}, { channels: [channelTo('x', { delaySeconds: 60 })] }],
  ])('unless: %s', (reason, ofReplica, ofSource) => {
    const said = whyCannotReplicate(replica(ofReplica), server('b', ofSource), RULES);
    expect(said).toContain(`a:3306 cannot replicate from b:3306: `);
    expect(said).toContain(reason);
  });

  it('but not from itself', () => {
    expect(whyCannotReplicate(replica(), replica(), RULES)).toContain('from itself');
  });

  it('with what configuration allows or forbids', () => {
    const older = replica({ version: OLDER });
    expect(whyCannotReplicate(older, server('b'), { ...RULES, lowerVersionAllowed: true })).toBeNull();
    const filtered = server('b', { channels: [channelTo('x', { hasFilters: true })] });
    expect(whyCannotReplicate(replica(), filtered, RULES)).toBeNull();
    expect(whyCannotReplicate(replica(), filtered, { ...RULES, verifyFilters: true })).toContain('filters');
  });

  it('from a binlog server of any version, which has no id of its own', () => {
    const relay = server('b', { isBinlogServer: true, serverNumber: 1 });
    expect(whyCannotReplicate(replica({ version: OLDER }), relay, RULES)).toBeNull();
  });
});

describe('it can begin by GTID', () => {
  const UUID = '11111111-1111-1111-1111-111111111111';
  const judge = (executed: string, purged: string, changes: Partial<ServerFacts> = {}): string | null =>
    whyCannotBeginByGtid(
      { server: replica(changes), executedGtids: executed },
      { server: server('b'), purgedGtids: purged },
    );

  it('when the source still has what it lacks', () => {
    expect(judge(`${UUID}:1-10`, `${UUID}:1-10`)).toBeNull();
    expect(judge(`${UUID}:1-10`, '')).toBeNull();
  });

  it('unless the source has purged some of that, or one of the two has no GTIDs', () => {
    expect(judge(`${UUID}:1-10`, `${UUID}:1-12`)).toContain(`has purged ${UUID}:11-12`);
    expect(judge('', '', { gtidMode: 'OFF' })).toContain('a:3306 does not use GTID');
  });
});
