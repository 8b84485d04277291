/** The way to the MySQL servers: one connector with this node's account, and on it the prober and the sessions that act. */
import { MysqlBinaryLogReader } from '../../adapters/mysql/binary-log-reader.js';
import { Connector } from '../../adapters/mysql/connect.js';
import type { TlsSettings } from '../../adapters/mysql/dial.js';
import { CachingResolver } from '../../adapters/mysql/host-resolver.js';
import { DEFAULT_PROBER_LIMITS, MysqlProber } from '../../adapters/mysql/prober.js';
import { ReplicationAccounts } from '../../adapters/mysql/replication-account.js';
import { MysqlSessionOpener } from '../../adapters/mysql/session-opener.js';
import type { BinaryLogReader } from '../../runtime/ports/binary-logs.js';
import { monotonicNowMs } from '../../runtime/ports/clock.js';
import type { Prober, SessionOpener } from '../../runtime/ports/mysql.js';
import type { MysqlConfig, MysqlTls } from '../config/config.js';

export interface MysqlSide {
  readonly prober: Prober;
  readonly sessions: SessionOpener;
  readonly binaryLogs: BinaryLogReader;
}

export function openMysqlSide(config: MysqlConfig): MysqlSide {
  const connector = new Connector(
    {
      user: config.user,
      password: config.password.reveal(),
      tls: tlsSettings(config.tls),
      tlsMemoryMs: config.tlsMemoryMs,
      programName: 'orchestrator',
    },
    new CachingResolver(),
  );
  return {
    prober: new MysqlProber(
      connector,
      { ...DEFAULT_PROBER_LIMITS, connectTimeoutMs: config.connectTimeoutMs },
      monotonicNowMs,
      { ...config.questions, replicationAccountIsKnown: !config.replicationCredentialsQuery.empty },
    ),
    sessions: new MysqlSessionOpener(
      connector,
      new ReplicationAccounts(connector, config.replicationCredentialsQuery.reveal()),
    ),
    binaryLogs: new MysqlBinaryLogReader(connector, config.connectTimeoutMs, config.statementTimeoutMs),
  };
}

function tlsSettings(tls: MysqlTls): TlsSettings {
  if (tls.when === 'never') return { mode: 'never', skipVerify: false };
  return {
    mode: tls.when,
    skipVerify: !tls.verify,
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.certificate === null ? {} : { cert: tls.certificate }),
    ...(tls.key === null ? {} : { key: tls.key.reveal() }),
  };
}
