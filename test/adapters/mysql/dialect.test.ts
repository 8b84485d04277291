import { describe, expect, it } from 'vitest';
import {
  changeSource,
  type Dialect,
  dialectOf,
  quoted,
  resetReplicaAll,
  startReplica,
  stopReplica,
} from '../../../src/adapters/mysql/dialect.js';
import { flavorOf, parseVersion } from '../../../src/core/topology/version.js';

const speak = (text: string, comment = 'MySQL Community Server - GPL'): Dialect =>
  dialectOf(flavorOf(text, comment), parseVersion(text));

describe('the words of each version', () => {
  // status, replicas, binary log position, reset, variable of logged updates
  const rows: [string, string, string, string, string, string][] = [
    ['5.6.24', 'SHOW SLAVE STATUS', 'SHOW SLAVE HOSTS', 'SHOW MASTER STATUS', 'RESET MASTER', 'log_slave_updates'],
    ['8.0.22', 'SHOW SLAVE STATUS', 'SHOW SLAVE HOSTS', 'SHOW MASTER STATUS', 'RESET MASTER', 'log_slave_updates'],
    ['8.0.23', 'SHOW REPLICA STATUS', 'SHOW REPLICAS', 'SHOW MASTER STATUS', 'RESET MASTER', 'log_slave_updates'],
    ['8.0.26', 'SHOW REPLICA STATUS', 'SHOW REPLICAS', 'SHOW MASTER STATUS', 'RESET MASTER', 'log_replica_updates'],
    ['8.1.0', 'SHOW REPLICA STATUS', 'SHOW REPLICAS', 'SHOW MASTER STATUS', 'RESET MASTER', 'log_replica_updates'],
    [
      '8.4.0',
      'SHOW REPLICA STATUS',
      'SHOW REPLICAS',
      'SHOW BINARY LOG STATUS',
      'RESET BINARY LOGS AND GTIDS',
      'log_replica_updates',
    ],
    [
      '9.7.0',
      'SHOW REPLICA STATUS',
      'SHOW REPLICAS',
      'SHOW BINARY LOG STATUS',
      'RESET BINARY LOGS AND GTIDS',
      'log_replica_updates',
    ],
    [
      '10.11.6-MariaDB',
      'SHOW ALL SLAVES STATUS',
      'SHOW SLAVE HOSTS',
      'SHOW MASTER STATUS',
      'RESET MASTER',
      'log_slave_updates',
    ],
  ];
  it.each(rows)('%s', (version, status, replicas, position, reset, variable) => {
    const dialect = speak(version);
    expect(dialect.showReplicaStatus).toBe(status);
    expect(dialect.showReplicas).toBe(replicas);
    expect(dialect.showBinaryLogStatus).toBe(position);
    expect(dialect.resetBinaryLogs).toBe(reset);
    expect(dialect.logReplicaUpdatesVariable).toBe(variable);
  });

  it('knows which semi-sync plugins can be loaded', () => {
    const sources = (version: string): string[] => speak(version).semiSyncPrefixes.map((prefixes) => prefixes.source);
    expect(sources('9.7.0')).toEqual(['rpl_semi_sync_source']);
    expect(sources('8.4.2')).toEqual(['rpl_semi_sync_source', 'rpl_semi_sync_master']);
    expect(sources('8.0.25')).toEqual(['rpl_semi_sync_master']);
    expect(speak('5.6.24').semiSyncPrefixes[0]?.waitCount).toBeNull();
    expect(speak('5.6.24').semiSyncPrefixes[0]?.waitPoint).toBeNull();
    expect(speak('10.11.6-MariaDB').semiSyncPrefixes[0]?.waitPoint).toBe('rpl_semi_sync_master_wait_point');
    expect(speak('5.7.3').semiSyncPrefixes[0]?.waitCount).toBe('rpl_semi_sync_master_wait_for_slave_count');
  });
});

describe('statements that change a replica', () => {
  const source = { host: 'db-1', port: 3307 };

  it('names the default channel where there are channels, so that no other is touched', () => {
    expect(stopReplica(speak('9.7.0'), '', 'IO_THREAD')).toBe("STOP REPLICA IO_THREAD FOR CHANNEL ''");
    expect(startReplica(speak('8.0.11'), 'east')).toBe("START SLAVE FOR CHANNEL 'east'");
    expect(stopReplica(speak('5.6.24'), '', 'IO_THREAD')).toBe('STOP SLAVE IO_THREAD');
    expect(stopReplica(speak('10.11.6-MariaDB'), 'east', 'IO_THREAD')).toBe("STOP SLAVE 'east' IO_THREAD");
    expect(resetReplicaAll(speak('9.7.0'))).toBe("RESET REPLICA ALL FOR CHANNEL ''");
    expect(resetReplicaAll(speak('10.11.6-MariaDB'))).toBe('RESET SLAVE ALL');
  });

  it('changes the source in the words of the version, and only what was given', () => {
    expect(changeSource(speak('9.7.0'), { address: source, gtid: true })).toBe(
      "CHANGE REPLICATION SOURCE TO SOURCE_HOST='db-1', SOURCE_PORT=3307, SOURCE_AUTO_POSITION=1 FOR CHANNEL ''",
    );
    expect(changeSource(speak('5.6.24'), { address: source, coordinates: { file: 'bin.000007', position: 4 } })).toBe(
      "CHANGE MASTER TO MASTER_HOST='db-1', MASTER_PORT=3307, MASTER_LOG_FILE='bin.000007', MASTER_LOG_POS=4",
    );
    expect(changeSource(speak('10.11.6-MariaDB'), { address: source, gtid: true }, 'east')).toBe(
      "CHANGE MASTER 'east' TO MASTER_HOST='db-1', MASTER_PORT=3307, MASTER_USE_GTID=slave_pos",
    );
    expect(
      changeSource(speak('8.0.26'), {
        credentials: { user: 'repl', password: "o'b\\" },
        tls: true,
        getPublicKey: true,
        heartbeatSeconds: 0.5,
        connectRetrySeconds: 1,
      }),
    ).toBe(
      "CHANGE REPLICATION SOURCE TO SOURCE_USER='repl', SOURCE_PASSWORD='o\\'b\\\\', SOURCE_SSL=1, " +
        "GET_SOURCE_PUBLIC_KEY=1, SOURCE_HEARTBEAT_PERIOD=0.5, SOURCE_CONNECT_RETRY=1 FOR CHANNEL ''",
    );
  });

  it('quotes so that no text ends its own literal', () => {
    expect(quoted("a'b")).toBe("'a\\'b'");
    expect(quoted("a\\'b")).toBe("'a\\\\\\'b'");
    expect(quoted('a\0b')).toBe("'a\\0b'");
  });
});
