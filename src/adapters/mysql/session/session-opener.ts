/** Opens sessions that may change a server: connects once, looks who answers, takes the barrier, and never connects again for that session. */
import { type Address, addressText } from '../../../core/topology/address.js';
import { OperationalError } from '../../../runtime/errors.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import type { ServerSession, SessionOpener, SessionOptions } from '../../../runtime/ports/mysql.js';
import { barrierName, takeBarrier } from './barrier.js';
import { BinaryLogKeeper } from '../binary-log/binary-log-keeper.js';
import type { Connector } from '../connection/connect.js';
import { LinkFailed } from '../connection/failure.js';
import { Hold } from './hold.js';
import { assertIsServer } from './identity.js';
import type { Link } from '../connection/link.js';
import type { ReplicationAccounts } from './replication-account.js';
import { MysqlSession, type SessionTools } from './session.js';
import { StepFailed } from './step-failed.js';

export class MysqlSessionOpener implements SessionOpener {
  readonly #connector: Connector;
  readonly #tools: SessionTools;

  /** `keepDirectory`: where copies of binary logs go that a server is about to throw away. */
  constructor(connector: Connector, accounts: ReplicationAccounts, keepDirectory: string) {
    this.#connector = connector;
    this.#tools = { accounts, connector, keeper: new BinaryLogKeeper(connector, keepDirectory) };
  }

  async open(options: SessionOptions): Promise<ServerSession> {
    const { server, address, clusterId, authority, timeoutMs, barrierTimeoutMs, signal } = options;
    const beganMs = monotonicNowMs();
    const link = await this.#connect(address, timeoutMs);
    const name = barrierName(clusterId);
    const destroy = (): void => {
      link.destroy();
    };
    // One that went on would kill the session that was opened in its place.
    signal?.addEventListener('abort', destroy, { once: true });
    if (signal?.aborted === true) destroy();
    try {
      await assertIsServer(link, server, timeoutMs);
      await takeBarrier(link, name, authority, barrierTimeoutMs);
    } catch (error) {
      link.destroy();
      throw operational(error, addressText(address), monotonicNowMs() - beganMs);
    } finally {
      signal?.removeEventListener('abort', destroy);
    }
    return new MysqlSession(new Hold(link, name, authority), clusterId, this.#tools);
  }

  /** A server that says no lives; for a plan that is not the same as one that says nothing. */
  async #connect(address: Address, timeoutMs: number): Promise<Link> {
    try {
      return await this.#connector.connect(address, timeoutMs);
    } catch (error) {
      if (!(error instanceof LinkFailed) || error.failure.kind !== 'alive') throw error;
      throw new OperationalError('MYSQL_NOT_ADMITTED', error.message, error);
    }
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
