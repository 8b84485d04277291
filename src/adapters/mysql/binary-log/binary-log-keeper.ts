/**
 * Copies the binary logs that hold certain transactions from a server to this node, before the server throws them away. The
 * copies are byte for byte what the server had, so mysqlbinlog reads them. They stay until somebody removes them.
 */
import { closeSync, fsync, openSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { locateErrant } from '../../../core/topology/errant-logs.js';
import { type Address, addressText } from '../../../core/topology/address.js';
import { emptyGtidSet, isEmptyGtidSet, parseGtidSet } from '../../../core/topology/gtid-set.js';
import { MysqlBinaryLogReader } from './binary-log-reader.js';
import { startDump } from './binlog-dump.js';
import type { Connector } from '../connection/connect.js';
import { StepFailed } from '../session/step-failed.js';

const CONNECT_MS = 5_000;
/** What there is is looked at without haste. */
const LIMITS = { connectMs: CONNECT_MS, readMs: 60_000 };
const COPY_MS = 3600 * 1000;
/** Copies are for a look at a few transactions, not a backup. */
const BYTES_MAX = 20 * 2 ** 30;
const MAGIC = Buffer.from([0xfe, 0x62, 0x69, 0x6e]);
/** Its checksum setting, as a replica says that it understands it; the name changed in 8.0.26 and both are obeyed. */
const UNDERSTANDS_CHECKSUMS =
  'SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum';

export class BinaryLogKeeper {
  readonly #connector: Connector;
  readonly #directory: string;

  constructor(connector: Connector, directory: string) {
    this.#connector = connector;
    this.#directory = directory;
  }

  /** In words: where they are. Rejects with StepFailed or LinkFailed. */
  async keep(address: Address, gtids: string): Promise<string> {
    const { logs, executedGtids } = await new MysqlBinaryLogReader(this.#connector, LIMITS).read(address);
    const set = (text: string) => {
      const parsed = parseGtidSet(text);
      return parsed.ok ? parsed.value : emptyGtidSet;
    };
    const beginnings = logs.map(({ file, previousGtids }) => ({ file, previous: set(previousGtids) }));
    const { files, purged } = locateErrant(set(gtids), beginnings, set(executedGtids));
    const lack = isEmptyGtidSet(purged) ? '' : '; some of them are in no binary log of it any more';
    const [first] = files;
    if (first === undefined) return `none of ${gtids} is in its binary logs any more: nothing could be kept`;
    const directory = join(this.#directory, folderOf(address, gtids));
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const known = logs.map(({ file }) => file);
    await this.#copy(address, new Copies(known, first, new Set(files), directory, addressText(address)), first);
    return `${files.join(', ')} kept in ${directory}${lack}`;
  }

  async #copy(address: Address, copies: Copies, first: string): Promise<void> {
    const link = await this.#connector.connect(address, CONNECT_MS);
    try {
      await link.run(UNDERSTANDS_CHECKSUMS, CONNECT_MS);
      await link.stream((connection, end) => {
        startDump(connection, { file: first, position: FIRST_POSITION }, (event) => copies.take(event), end);
      }, COPY_MS);
    } finally {
      await copies.close();
      link.destroy();
    }
  }
}

/** The same place when it is done again, so that a leader that died leaves nothing half done beside it. */
function folderOf(address: Address, gtids: string): string {
  const name = addressText(address).replaceAll(/[^\w.-]/g, '_');
  const what = gtids.replaceAll(/[^\w-]/g, '_').slice(0, 100);
  return `${name}-${what}`;
}

/** Made up by the server for this stream; it stands in no file. */
const ARTIFICIAL = 0x20;
const [ROTATE, HEARTBEAT, HEARTBEAT_2] = [4, 27, 41];
const HEADER_BYTES = 19;
const FIRST_POSITION = 4;

/**
 * Writes what comes to the file it stands in, at once: so the next piece is not read before, and however much there is,
 * this node holds no more than a socket's read of it.
 */
class Copies {
  readonly #known: readonly string[];
  readonly #directory: string;
  readonly #wanted: ReadonlySet<string>;
  readonly #server: string;
  #current: string;
  #open: { readonly file: string; readonly fd: number } | null = null;
  #bytes = 0;

  constructor(known: readonly string[], first: string, wanted: ReadonlySet<string>, directory: string, server: string) {
    this.#known = known;
    this.#current = first;
    this.#directory = directory;
    this.#wanted = wanted;
    this.#server = server;
  }

  /** True: there may be more. */
  take(event: Buffer): boolean {
    const type = event.readUInt8(4);
    const artificial = (event.readUInt16LE(17) & ARTIFICIAL) !== 0;
    if (type === ROTATE && artificial) this.#current = rotatedTo(event, this.#known);
    else if (!artificial && type !== HEARTBEAT && type !== HEARTBEAT_2 && this.#wanted.has(this.#current)) {
      this.#write(event);
    }
    return true;
  }

  #write(event: Buffer): void {
    this.#bytes += event.length;
    if (this.#bytes > BYTES_MAX) {
      const text = `${this.#server}: the binary logs to be kept have more than ${String(BYTES_MAX / 2 ** 30)} GiB: rebuild it`;
      throw new StepFailed('state', text, false);
    }
    if (this.#open?.file !== this.#current) {
      if (this.#open !== null) closeSync(this.#open.fd);
      const fd = openSync(join(this.#directory, this.#current), 'w', 0o600);
      this.#open = { file: this.#current, fd };
      writeSync(fd, MAGIC);
    }
    writeSync(this.#open.fd, event);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    await new Promise<void>((resolve, reject) => {
      fsync(open.fd, (error) => {
        closeSync(open.fd);
        if (error === null) resolve();
        else reject(error);
      });
    });
  }
}

/** Eight bytes of a position, then the name; a checksum may follow, and may look like a digit more. '' for one not known. */
function rotatedTo(event: Buffer, known: readonly string[]): string {
  const text = event.subarray(HEADER_BYTES + 8).toString('latin1');
  return known.find((file) => text === file || (text.length === file.length + 4 && text.startsWith(file))) ?? '';
}
