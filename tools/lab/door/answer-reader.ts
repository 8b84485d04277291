// Where does a server's answer to one query end? A statement of several parts has several answers, and whoever cuts the
// line after the first of them has not seen the others take effect.
import { lengthCoded } from './packet-stream.js';

const OK = 0x00;
const EOF = 0xfe;
const ERROR = 0xff;
const STATUS_MORE_RESULTS = 0x0008;
const EOF_LENGTH_MAX = 9;
const PACKET_LENGTH_MAX = 0xff_ffff;

type Phase =
  | { readonly kind: 'head' }
  | { readonly kind: 'columns'; readonly left: number }
  | { readonly kind: 'end-of-columns' }
  | { readonly kind: 'rows' }
  | { readonly kind: 'over' };

export class AnswerReader {
  /** The number of the error with which it ended; null: it ended well, or has not ended. */
  error: number | null = null;
  readonly #deprecateEof: boolean;
  #phase: Phase = { kind: 'head' };

  constructor(deprecateEof: boolean) {
    this.#deprecateEof = deprecateEof;
  }

  /** The next packet's payload; true when it was the last of the answer. */
  take(payload: Buffer): boolean {
    if (payload[0] === ERROR && this.#phase.kind !== 'columns') {
      this.error = payload.readUInt16LE(1);
      this.#phase = { kind: 'over' };
    } else this.#phase = this.#after(payload);
    return this.#phase.kind === 'over';
  }

  #after(payload: Buffer): Phase {
    switch (this.#phase.kind) {
      case 'head':
        if (payload[0] === OK) return next(statusOfOk(payload));
        return { kind: 'columns', left: lengthCoded(payload, 0).value };
      case 'columns':
        if (this.#phase.left > 1) return { kind: 'columns', left: this.#phase.left - 1 };
        return { kind: this.#deprecateEof ? 'rows' : 'end-of-columns' };
      case 'end-of-columns':
        return { kind: 'rows' };
      case 'rows':
        if (payload[0] !== EOF) return this.#phase;
        if (this.#deprecateEof) return payload.length < PACKET_LENGTH_MAX ? next(statusOfOk(payload)) : this.#phase;
        return payload.length < EOF_LENGTH_MAX ? next(payload.readUInt16LE(3)) : this.#phase;
      case 'over':
        throw new Error('the answer was over already');
    }
  }
}

function statusOfOk(payload: Buffer): number {
  const affected = lengthCoded(payload, 1);
  const inserted = lengthCoded(payload, 1 + affected.bytes);
  return payload.readUInt16LE(1 + affected.bytes + inserted.bytes);
}

function next(status: number): Phase {
  return (status & STATUS_MORE_RESULTS) === 0 ? { kind: 'over' } : { kind: 'head' };
}
