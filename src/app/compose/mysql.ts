/** The way to the MySQL servers: one connector with this node's account, and on it the prober and the sessions that act. */
import { join } from 'node:path';
import { MysqlBinaryLogReader } from '../../adapters/mysql/binary-log/binary-log-reader.js';
import { Connector } from '../../adapters/mysql/connection/connect.js';
import type { TlsSettings } from '../../adapters/mysql/connection/dial.js';
import { CachingResolver } from '../../adapters/mysql/connection/host-resolver.js';
import { DEFAULT_PROBER_LIMITS, MysqlProber } from '../../adapters/mysql/probe/prober.js';
import type { Questions } from '../../adapters/mysql/probe/questions.js';
import { ReplicationAccounts } from '../../adapters/mysql/session/replication-account.js';
import { MysqlSessionOpener } from '../../adapters/mysql/session/session-opener.js';
import { type Conceal, ConcealingProber, concealingSessions } from '../../runtime/concealing.js';
import type { BinaryLogReader } from '../../runtime/ports/binary-logs.js';
import { monotonicNowMs } from '../../runtime/ports/clock.js';
import type { Prober, SessionOpener } from '../../runtime/ports/mysql.js';
import type { Config, MysqlTls } from '../config/config.js';
import type { LiveConfig } from '../config/live.js';

export interface MysqlSide {
  readonly prober: Prober;
  readonly sessions: SessionOpener;
  readonly binaryLogs: BinaryLogReader;
}

export function openMysqlSide(live: LiveConfig, conceal: Conceal): MysqlSide {
  const connector = new Connector(
    live.following(({ mysql }) => ({
      user: mysql.user,
      password: mysql.password.reveal(),
      tls: tlsSettings(mysql.tls),
      tlsMemoryMs: mysql.tlsMemoryMs,
      programName: 'orchestrator',
    })),
    new CachingResolver(),
  );
  const proberLimits = live.following(({ mysql }) => ({
    ...DEFAULT_PROBER_LIMITS,
    connectTimeoutMs: mysql.connectTimeoutMs,
  }));
  const readerLimits = live.following(({ mysql }) => ({
    connectMs: mysql.connectTimeoutMs,
    readMs: mysql.statementTimeoutMs,
  }));
  const credentialsQuery = live.derived(({ mysql }) => mysql.replicationCredentialsQuery.reveal());
  const keepDirectory = join(live.config.raft.dataDir, 'kept-binary-logs');
  const prober = new MysqlProber(connector, proberLimits, monotonicNowMs, live.derivedBy(questionsOf, probedWith));
  const accounts = new ReplicationAccounts(connector, credentialsQuery);
  const sessions = new MysqlSessionOpener(connector, accounts, keepDirectory);
  return {
    prober: new ConcealingProber(prober, conceal),
    sessions: concealingSessions(sessions, conceal),
    binaryLogs: new MysqlBinaryLogReader(connector, readerLimits),
  };
}

function questionsOf({ mysql }: Config): Questions {
  return { ...mysql.questions, replicationAccountIsKnown: !mysql.replicationCredentialsQuery.empty };
}

/** With another account or other questions the kept connections are opened anew, each when its next probe is due. */
function probedWith(config: Config): string {
  const { user, password, tls } = config.mysql;
  return JSON.stringify([user, password.reveal(), tlsSettings(tls), questionsOf(config)]);
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
