/**
 * Texts and numbers as bytes, one after the other: what entries of writes and the snapshot of the store are made of. Texts
 * are their length in bytes (u32) and UTF-8; numbers are big endian. The writer grows as it goes, because the room that a
 * text needs is known only once it is encoded.
 */
import { assert } from '../../base/assert.js';

/** UTF-8 takes at most this for each unit of a JavaScript string; ASCII, which nearly all texts are, takes one. */
const BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #offset = 0;

  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(expectedBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#view.setUint8(this.#offset, value);
    this.#offset += 1;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#offset, value);
    this.#offset += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#offset, value);
    this.#offset += 8;
  }

  text(text: string): void {
    this.#reserve(4 + text.length);
    const first = encoder.encodeInto(text, this.#bytes.subarray(this.#offset + 4));
    let { written } = first;
    if (first.read < text.length) {
      this.#reserve(4 + text.length * BYTES_PER_UNIT);
      ({ written } = encoder.encodeInto(text, this.#bytes.subarray(this.#offset + 4)));
    }
    this.#view.setUint32(this.#offset, written);
    this.#offset += 4 + written;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#offset);
    this.#offset += bytes.length;
  }

  /** Exactly what was written, in memory of its own; not copied if no more than that was expected. The writer is done. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#offset === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#offset);
  }

  #reserve(bytes: number): void {
    const needed = this.#offset + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8));
  }

  text(): string {
    const length = this.u32();
    const start = this.#advance(length);
    return decoder.decode(this.#bytes.subarray(start, start + length));
  }

  /** Nothing may be left over: bytes that nobody understands are a change that somebody else applies. */
  finish(): void {
    assert(this.#offset === this.#bytes.length, `${this.#bytes.length - this.#offset} bytes are left over`);
  }

  #advance(bytes: number): number {
    const start = this.#offset;
    this.#offset += bytes;
    assert(this.#offset <= this.#bytes.length, 'the bytes end before their content does');
    return start;
  }
}
