// Bytes of one direction of a MySQL connection, cut into its packets.

const HEADER_BYTES = 4;

export class PacketStream {
  #rest: Buffer = Buffer.alloc(0);

  feed(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
  }

  /** The next packet, with its header; null when it is not whole yet. */
  next(): Buffer | null {
    if (this.#rest.length < HEADER_BYTES) return null;
    const size = HEADER_BYTES + this.#rest.readUIntLE(0, 3);
    if (this.#rest.length < size) return null;
    const packet = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    return packet;
  }

  /** What was fed and not taken; it is forgotten here. */
  takeRest(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest;
  }
}

export function payloadOf(packet: Buffer): Buffer {
  return packet.subarray(HEADER_BYTES);
}

export function sequenceOf(packet: Buffer): number {
  return packet[3] ?? 0;
}

/** A length-encoded integer: how many bytes it takes, and its value. */
export function lengthCoded(payload: Buffer, at: number): { readonly bytes: number; readonly value: number } {
  const first = payload[at] ?? 0;
  if (first < 0xfb) return { bytes: 1, value: first };
  if (first === 0xfc) return { bytes: 3, value: payload.readUInt16LE(at + 1) };
  if (first === 0xfd) return { bytes: 4, value: payload.readUIntLE(at + 1, 3) };
  return { bytes: 9, value: Number(payload.readBigUInt64LE(at + 1)) };
}
