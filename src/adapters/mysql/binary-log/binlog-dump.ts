/**
 * The bytes of a server's binary log between two places, as a replica would be sent them. SQL shows no contents of rows and
 * no times of commits, and both are needed to tell whether two logs hold the same transaction. The driver's own stream
 * throws the bytes away, so the command is spoken here, over a connection of its own that ends with it.
 */
import type { Connection } from 'mysql2';
import type { Address } from '../../../core/topology/address.js';
import { addressText } from '../../../core/topology/address.js';
import type { BinlogPosition } from '../../../core/topology/vitals.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import type { Connector } from '../connection/connect.js';
import { StepFailed } from '../session/step-failed.js';

/** One event with its header, without its checksum. */
export type RawEvent = Buffer;

export interface Stretch {
  readonly from: BinlogPosition;
  /** Not included. */
  readonly until: BinlogPosition;
}

/** In one turn of the event loop there is never more than a socket's read of it, but all of it is kept. */
const BYTES_MAX = 32 * 1024 * 1024;

const COM_BINLOG_DUMP = 0x12;
/** Ends at the end of the log instead of waiting for more. */
const NON_BLOCK = 1;
const FORMAT_DESCRIPTION = 15;
const ROTATE = 4;
const HEADER_BYTES = 19;
const CRC32_BYTES = 4;

/** Rejects with StepFailed or LinkFailed. The events of the stretch, in order, each with the file it stands in. */
export async function readEvents(
  connector: Connector,
  address: Address,
  { from, until }: Stretch,
  timeoutMs: number,
): Promise<readonly { readonly file: string; readonly event: RawEvent }[]> {
  const deadlineMs = monotonicNowMs() + timeoutMs;
  const link = await connector.connect(address, timeoutMs);
  try {
    const checksum = '@@GLOBAL.binlog_checksum';
    await link.run(`SET @master_binlog_checksum = ${checksum}, @source_binlog_checksum = ${checksum}`, timeoutMs);
    const collector = new Collector(address, from.file, until);
    await link.stream(
      (connection, end) => startDump(connection, from, (packet) => collector.take(packet), end),
      Math.max(1, deadlineMs - monotonicNowMs()),
    );
    return collector.events;
  } finally {
    link.destroy();
  }
}

class Collector {
  readonly events: { readonly file: string; readonly event: RawEvent }[] = [];
  readonly #address: Address;
  readonly #until: BinlogPosition;
  #file: string;
  #hasChecksum = false;
  #bytes = 0;

  constructor(address: Address, file: string, until: BinlogPosition) {
    this.#address = address;
    this.#file = file;
    this.#until = until;
  }

  /** False when the stretch is whole. */
  take(bytes: Buffer): boolean {
    const type = bytes.readUInt8(4);
    const position = bytes.readUInt32LE(13);
    if (type === FORMAT_DESCRIPTION) this.#hasChecksum = bytes.readUInt8(bytes.length - CRC32_BYTES - 1) === 1;
    // An event without a place was made up by the server, to say where it begins.
    if (type === ROTATE && position !== 0) {
      this.#file = this.#withoutChecksum(bytes)
        .subarray(HEADER_BYTES + 8)
        .toString('utf8');
    } else if (type !== FORMAT_DESCRIPTION && position !== 0) {
      this.#keep(this.#withoutChecksum(bytes));
    }
    return !(this.#file === this.#until.file && position >= this.#until.position);
  }

  #keep(event: RawEvent): void {
    this.#bytes += event.length;
    if (this.#bytes > BYTES_MAX) {
      const text = `more than ${String(BYTES_MAX)} bytes of its binary log would have to be searched through`;
      throw new StepFailed('state', `${addressText(this.#address)}: ${text}`, false);
    }
    this.events.push({ file: this.#file, event });
  }

  #withoutChecksum(bytes: Buffer): Buffer {
    return this.#hasChecksum ? bytes.subarray(0, bytes.length - CRC32_BYTES) : bytes;
  }
}

/** What the driver hands a command: the packet that came, none at its start. */
interface DriverPacket {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly end: number;
}

/** The part of the driver's connection that its own commands use. */
interface DriverConnection {
  addCommand(command: { execute(packet: DriverPacket | undefined): boolean }): void;
  _resetSequenceId(): void;
  writePacket(packet: { readonly buffer: Buffer; length(): number; writeHeader(sequence: number): void }): void;
}

/** Calls `take` with one event after the other, headers and checksums and all, until it says no or the log ends. */
export function startDump(
  connection: Connection,
  from: BinlogPosition,
  take: (event: Buffer) => boolean,
  end: (error: Error | null) => void,
): void {
  const driver = connection as unknown as DriverConnection;
  driver.addCommand({
    execute: (packet) => {
      if (packet === undefined) {
        driver._resetSequenceId();
        driver.writePacket(dumpRequest(from));
        return false;
      }
      // The parser uses its buffer again.
      const bytes = Buffer.from(packet.buffer.subarray(packet.offset, packet.end));
      return over(bytes, take, end);
    },
  });
}

/** OK and an event, an error, or the end of the log. */
function over(bytes: Buffer, take: (event: Buffer) => boolean, end: (error: Error | null) => void): boolean {
  const [marker] = bytes;
  if (marker === 0 && bytes.length > HEADER_BYTES) {
    try {
      if (take(bytes.subarray(1))) return false;
      end(null);
    } catch (error) {
      end(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }
  end(marker === 0xff ? new Error(bytes.subarray(9).toString('utf8')) : null);
  return true;
}

function dumpRequest({ file, position }: BinlogPosition): Parameters<DriverConnection['writePacket']>[0] {
  const name = Buffer.from(file, 'utf8');
  const buffer = Buffer.alloc(4 + 11 + name.length);
  buffer.writeUInt8(COM_BINLOG_DUMP, 4);
  buffer.writeUInt32LE(position, 5);
  buffer.writeUInt16LE(NON_BLOCK, 9);
  // No server id: we are no replica, and send none of the others away.
  buffer.writeUInt32LE(0, 11);
  name.copy(buffer, 15);
  return {
    buffer,
    length: () => buffer.length - 4,
    writeHeader: (sequence) => {
      buffer.writeUIntLE(buffer.length - 4, 0, 3);
      buffer.writeUInt8(sequence, 3);
    },
  };
}
