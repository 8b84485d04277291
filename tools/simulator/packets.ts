// The MySQL client/server protocol, as far as a server needs it that only answers queries in text.
import type { Cell, Column, ColumnType, LiveNumber, ResultSet, SqlError } from './result-set.js';

export const CLIENT_DEPRECATE_EOF = 1 << 24;

/** What MySQL 9.7 offers, less TLS, compression, session tracking, query attributes and optional metadata. */
const CAPABILITIES = 0x013f_f75f;
const UTF8MB4 = 255;
const STATUS_AUTOCOMMIT = 0x0002;
const STATUS_MORE_RESULTS = 0x0008;

const TYPES: Readonly<Record<ColumnType, readonly [type: number, charset: number, flags: number]>> = {
  text: [253, 224, 0],
  int: [3, 63, 0x80],
  bigint: [8, 63, 0x80],
  double: [5, 63, 0x80],
  timestamp: [7, 63, 0x80],
};

/** Digits in an answer that are renewed each time it is given. */
export interface LiveSite {
  readonly at: number;
  readonly number: LiveNumber;
}

export interface Answer {
  readonly bytes: Buffer;
  readonly sites: readonly LiveSite[];
}

/** Packets one after the other, numbered from `sequence` on. */
export class PacketWriter {
  readonly #sites: LiveSite[] = [];
  #bytes = Buffer.allocUnsafe(16_384);
  #length = 0;
  #sequence: number;
  #packetAt = 0;

  constructor(sequence: number) {
    this.#sequence = sequence;
  }

  begin(): this {
    this.#packetAt = this.#length;
    this.#room(4);
    this.#length += 4;
    return this;
  }

  end(): this {
    this.#bytes.writeUIntLE(this.#length - this.#packetAt - 4, this.#packetAt, 3);
    this.#bytes[this.#packetAt + 3] = this.#sequence;
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this;
  }

  fixed(value: number, bytes: number): this {
    this.#room(bytes);
    this.#bytes.writeUIntLE(value, this.#length, bytes);
    this.#length += bytes;
    return this;
  }

  raw(text: string): this {
    const size = Buffer.byteLength(text);
    this.#room(size);
    this.#length += this.#bytes.write(text, this.#length);
    return this;
  }

  counted(text: string): this {
    return this.#count(Buffer.byteLength(text)).raw(text);
  }

  cell(cell: Cell): this {
    if (cell === null) return this.fixed(0xfb, 1);
    if (typeof cell === 'string') return this.counted(cell);
    const size = (part: string | LiveNumber): number =>
      typeof part === 'string' ? Buffer.byteLength(part) : part.digits;
    this.#count(cell.reduce((sum, part) => sum + size(part), 0));
    for (const part of cell) {
      if (typeof part === 'string') this.raw(part);
      else this.#live(part);
    }
    return this;
  }

  done(): Answer {
    return { bytes: Buffer.from(this.#bytes.subarray(0, this.#length)), sites: this.#sites };
  }

  #live(number: LiveNumber): void {
    this.#sites.push({ at: this.#length, number });
    this.raw('0'.repeat(number.digits));
  }

  #count(size: number): this {
    return size < 251 ? this.fixed(size, 1) : this.fixed(0xfc, 1).fixed(size, 2);
  }

  #room(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + size));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

const ZERO = 48;

/** Writes the numbers of this moment into the answer. */
export function renew({ bytes, sites }: Answer): Buffer {
  for (const { at, number } of sites) {
    let rest = number.read();
    for (let place = at + number.digits - 1; place >= at; place -= 1) {
      bytes[place] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    if (rest !== 0) throw new Error(`a live number has outgrown its ${String(number.digits)} digits`);
  }
  return bytes;
}

const SCRAMBLE = 'thisisnosecretatall.';

export function writeGreeting(version: string, threadId: number): Buffer {
  const writer = new PacketWriter(0).begin().fixed(10, 1).raw(`${version}\0`).fixed(threadId, 4);
  writer
    .raw(`${SCRAMBLE.slice(0, 8)}\0`)
    .fixed(CAPABILITIES & 0xffff, 2)
    .fixed(UTF8MB4, 1);
  writer
    .fixed(STATUS_AUTOCOMMIT, 2)
    .fixed(CAPABILITIES >>> 16, 2)
    .fixed(SCRAMBLE.length + 1, 1)
    .raw('\0'.repeat(10));
  return writer
    .raw(`${SCRAMBLE.slice(8)}\0caching_sha2_password\0`)
    .end()
    .done().bytes;
}

/** "Your password is in my cache": whatever it is, since there is nothing here to protect. */
export function writeLoggedIn(sequence: number): Buffer {
  const writer = new PacketWriter(sequence).begin().fixed(1, 1).fixed(3, 1).end();
  writeOk(writer, 0, false);
  return writer.done().bytes;
}

export function writeOk(writer: PacketWriter, header: 0 | 0xfe, moreFollows: boolean): void {
  const status = STATUS_AUTOCOMMIT | (moreFollows ? STATUS_MORE_RESULTS : 0);
  writer.begin().fixed(header, 1).fixed(0, 2).fixed(status, 2).fixed(0, 2).end();
}

function writeEof(writer: PacketWriter, moreFollows: boolean): void {
  const status = STATUS_AUTOCOMMIT | (moreFollows ? STATUS_MORE_RESULTS : 0);
  writer.begin().fixed(0xfe, 1).fixed(0, 2).fixed(status, 2).end();
}

export function writeError(writer: PacketWriter, { number, message }: Pick<SqlError, 'number' | 'message'>): void {
  writer.begin().fixed(0xff, 1).fixed(number, 2).raw(`#HY000${message}`).end();
}

export function writeResultSet(
  writer: PacketWriter,
  { columns, rows }: ResultSet,
  ends: { readonly moreFollows: boolean; readonly deprecateEof: boolean },
): void {
  writer.begin().fixed(columns.length, 1).end();
  for (const column of columns) writeColumn(writer, column);
  if (!ends.deprecateEof) writeEof(writer, false);
  for (const row of rows) {
    writer.begin();
    for (const cell of row) writer.cell(cell);
    writer.end();
  }
  if (ends.deprecateEof) writeOk(writer, 0xfe, ends.moreFollows);
  else writeEof(writer, ends.moreFollows);
}

function writeColumn(writer: PacketWriter, { name, type }: Column): void {
  const [code, charset, flags] = TYPES[type];
  writer.begin().counted('def').counted('').counted('').counted('').counted(name).counted('');
  writer.fixed(12, 1).fixed(charset, 2).fixed(1024, 4).fixed(code, 1).fixed(flags, 2).fixed(0, 1).fixed(0, 2).end();
}
