/**
 * The binary logs of one server and where in its history each begins: an event near the head of every log says what came
 * before. It needs REPLICATION SLAVE, and a connection of its own, because a server with many logs takes its time.
 */
import { type Address, addressText } from '../../../core/topology/address.js';
import { OperationalError } from '../../../runtime/errors.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import type { BinaryLog, BinaryLogReader, BinaryLogs } from '../../../runtime/ports/binary-logs.js';
import type { Connector } from '../connection/connect.js';
import { cellText, type Link } from '../connection/link.js';
import { rowsOf } from '../table.js';

/** Format description, previous GTIDs; whatever else a version may put there. */
const HEAD_EVENTS = 4;

/** A log has a gigabyte as a rule; a server with more of them than this is not searched through. */
const LOGS_MAX = 10_000;

export interface BinaryLogReaderLimits {
  readonly connectMs: number;
  /** For all logs together. */
  readonly readMs: number;
}

export class MysqlBinaryLogReader implements BinaryLogReader {
  readonly #connector: Connector;
  readonly #limits: BinaryLogReaderLimits;

  constructor(connector: Connector, limits: BinaryLogReaderLimits) {
    this.#connector = connector;
    this.#limits = limits;
  }

  async read(address: Address): Promise<BinaryLogs> {
    const deadlineMs = monotonicNowMs() + this.#limits.readMs;
    const link = await this.#connector.connect(address, this.#limits.connectMs);
    try {
      if (link.dialect.gtid !== 'mysql') throw unreadable(address, 'its binary logs do not say which GTIDs they hold');
      return await readLogs(link, address, () => Math.max(1, deadlineMs - monotonicNowMs()));
    } finally {
      link.close();
    }
  }
}

async function readLogs(link: Link, address: Address, leftMs: () => number): Promise<BinaryLogs> {
  const [listed] = await link.run('SHOW BINARY LOGS', leftMs());
  const files = rowsOf(listed).map((row) => row.text('Log_name'));
  if (files.length > LOGS_MAX) {
    throw unreadable(address, `it keeps ${String(files.length)} binary logs, more than are searched through`);
  }
  const logs: BinaryLog[] = [];
  for (const file of files) {
    const head = `SHOW BINLOG EVENTS IN '${file.replaceAll("'", "''")}' LIMIT ${String(HEAD_EVENTS)}`;
    const [events] = await link.run(head, leftMs());
    const previous = rowsOf(events).find((row) => row.text('Event_type') === 'Previous_gtids');
    logs.push({ file, previousGtids: previous?.text('Info') ?? '' });
  }
  const [executed] = await link.run('SELECT @@global.gtid_executed', leftMs());
  return { logs, executedGtids: cellText(executed?.rows[0]?.[0]) };
}

function unreadable(address: Address, why: string): OperationalError {
  return new OperationalError('MYSQL_STATEMENT', `${addressText(address)}: ${why}`);
}
