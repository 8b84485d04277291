/**
 * What a command says, as much of it as people need: its first words and its last ones. Everything is read, because a pipe
 * that nobody empties stops the command that writes into it.
 */
const HEAD_BYTES = 1_024;
const TAIL_BYTES = 3_072;

export class BoundedOutput {
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #leftOutBytes = 0;

  add(chunk: Buffer): void {
    const room = HEAD_BYTES - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    const tail = Buffer.concat([this.#tail, rest.subarray(-TAIL_BYTES)]);
    this.#leftOutBytes += Math.max(0, rest.length - TAIL_BYTES) + Math.max(0, tail.length - TAIL_BYTES);
    this.#tail = tail.subarray(-TAIL_BYTES);
  }

  /** Without control characters but line ends; '' when it said nothing. */
  text(): string {
    const gap = this.#leftOutBytes === 0 ? '' : `\n... ${String(this.#leftOutBytes)} bytes left out ...\n`;
    const whole = `${this.#head.toString('utf8')}${gap}${this.#tail.toString('utf8')}`;
    // A script's colours and bells are not for logs.
    return whole.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f]/g, ' ').trim();
  }
}
