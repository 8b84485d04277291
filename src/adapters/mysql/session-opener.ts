/** Opens sessions that may change a server: connects once, looks who answers, takes the barrier, and never connects again for that session. */
import { addressText } from '../../core/topology/address.js';
import { OperationalError } from '../../runtime/errors.js';
import { monotonicNowMs } from '../../runtime/ports/clock.js';
import type { ServerSession, SessionOpener, SessionOptions } from '../../runtime/ports/mysql.js';
import { barrierName, takeBarrier } from './barrier.js';
import type { Connector } from './connect.js';
import { Hold } from './hold.js';
import { assertIsServer } from './identity.js';
import type { ReplicationAccounts } from './replication-account.js';
import { MysqlSession } from './session.js';
import { StepFailed } from './step-failed.js';

export class MysqlSessionOpener implements SessionOpener {
  readonly #connector: Connector;
  readonly #accounts: ReplicationAccounts;

  constructor(connector: Connector, accounts: ReplicationAccounts) {
    this.#connector = connector;
    this.#accounts = accounts;
  }

  async open(options: SessionOptions): Promise<ServerSession> {
    const { server, address, clusterId, authority, timeoutMs, barrierTimeoutMs } = options;
    const beganMs = monotonicNowMs();
    const link = await this.#connector.connect(address, timeoutMs);
    const name = barrierName(clusterId);
    try {
      await assertIsServer(link, server, timeoutMs);
      await takeBarrier(link, name, authority, barrierTimeoutMs);
    } catch (error) {
      link.destroy();
      throw operational(error, addressText(address), monotonicNowMs() - beganMs);
    }
    return new MysqlSession(new Hold(link, name, authority), clusterId, this.#accounts, this.#connector);
  }
}

/** Of a step that failed for want of authority only the reason counts here. */
function operational(error: unknown, server: string, afterMs: number): unknown {
  if (error instanceof StepFailed && error.cause instanceof OperationalError) return error.cause;
  if (error instanceof OperationalError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new OperationalError(
    'MYSQL_BARRIER',
    `${server}: no barrier after ${String(Math.round(afterMs))} ms: ${text}`,
    error,
  );
}
