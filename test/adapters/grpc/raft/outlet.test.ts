import { describe, expect, it } from 'vitest';
import { PeerOutlet } from '../../../../src/adapters/grpc/raft/outlet.js';
import type { WireFrame, WireMessage } from '../../../../src/adapters/grpc/raft/wire.js';

/** A connection that takes `room` frames and then wants to be waited for. */
class Sink {
  readonly frames: WireMessage[][] = [];
  room = Number.POSITIVE_INFINITY;
  #drained: () => void = () => undefined;

  write(frame: WireFrame): boolean {
    this.frames.push([...(frame.batch?.messages ?? [])]);
    this.room -= 1;
    return this.room > 0;
  }

  once(_event: 'drain', listener: () => void): void {
    this.#drained = listener;
  }

  drain(room: number): void {
    this.room = room;
    this.#drained();
  }
}

function append(round: number, bytes: number): WireMessage {
  const entries = [{ term: 1, kind: 1, payload: new Uint8Array(bytes) }];
  return {
    from: 'a',
    to: 'b',
    term: 1,
    appendRequest: { previousIndex: 0, previousTerm: 0, entries, commit: 0, round },
  };
}

function rounds(frames: readonly WireMessage[][]): (number | undefined)[][] {
  return frames.map((frame) => frame.map((message) => message.appendRequest?.round));
}

describe('the outlet of a stream', () => {
  it('sends what was given together in one frame, at once', () => {
    const sink = new Sink();
    new PeerOutlet(sink).send([append(1, 10), append(2, 10)]);
    expect(rounds(sink.frames)).toEqual([[1, 2]]);
  });

  it('collects while the connection is slow, and loses nothing within the limit', () => {
    const sink = new Sink();
    sink.room = 1;
    const outlet = new PeerOutlet(sink);
    for (let round = 1; round <= 5; round += 1) outlet.send([append(round, 10)]);
    expect(rounds(sink.frames)).toEqual([[1]]);
    sink.drain(10);
    expect(rounds(sink.frames)).toEqual([[1], [2, 3, 4, 5]]);
    expect(outlet.dropped).toBe(0);
  });

  it('cuts a long queue into frames of about a megabyte, in order', () => {
    const sink = new Sink();
    sink.room = 1;
    const outlet = new PeerOutlet(sink);
    for (let round = 1; round <= 6; round += 1) outlet.send([append(round, 400_000)]);
    sink.drain(1);
    expect(rounds(sink.frames)).toEqual([[1], [2, 3]]);
    sink.drain(10);
    expect(rounds(sink.frames)).toEqual([[1], [2, 3], [4, 5], [6]]);
  });

  it('drops beyond the limit instead of growing, and goes on afterwards', () => {
    const sink = new Sink();
    sink.room = 1;
    const outlet = new PeerOutlet(sink);
    for (let round = 1; round <= 20; round += 1) outlet.send([append(round, 1_000_000)]);
    expect(outlet.dropped).toBe(11);
    sink.drain(100);
    outlet.send([append(21, 10)]);
    expect(rounds(sink.frames).flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 21]);
  });

  it('sends one message that is larger than any limit', () => {
    const sink = new Sink();
    const outlet = new PeerOutlet(sink);
    outlet.send([append(1, 20_000_000)]);
    expect(rounds(sink.frames)).toEqual([[1]]);
  });
});
