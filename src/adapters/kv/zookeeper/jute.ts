/** Numbers, texts and bytes as ZooKeeper's wire format (Jute) has them: big endian, lengths before content. */
export class JuteWriter {
  readonly #parts: Buffer[] = [];

  int(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    this.#parts.push(bytes);
    return this;
  }

  /** Only zero is ever sent. */
  zeroLong(): this {
    this.#parts.push(Buffer.alloc(8));
    return this;
  }

  bool(value: boolean): this {
    this.#parts.push(Buffer.from([value ? 1 : 0]));
    return this;
  }

  bytes(value: Buffer): this {
    this.int(value.length);
    this.#parts.push(value);
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }

  /** With its length before it, as it goes over the wire. */
  packet(): Buffer {
    const body = Buffer.concat(this.#parts);
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length);
    return Buffer.concat([length, body]);
  }
}

/** Throws a RangeError where the answer is shorter than it should be. */
export class JuteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  bool(): boolean {
    const value = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return value === 1;
  }

  skip(bytes: number): this {
    this.#at += bytes;
    return this;
  }

  bytes(): Buffer {
    const length = this.int();
    if (length < 0) return Buffer.alloc(0);
    const value = this.#bytes.subarray(this.#at, this.#at + length);
    if (value.length < length) throw new RangeError('the answer ends too soon');
    this.#at += length;
    return value;
  }
}
