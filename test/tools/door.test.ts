// What a door understands of MySQL's protocol: where an answer ends, and which statements of a plan are alike.
import { describe, expect, it } from 'vitest';
import { AnswerReader } from '../../tools/lab/door/answer-reader.js';
import { PacketStream, payloadOf } from '../../tools/lab/door/packet-stream.js';
import { Said } from '../../tools/lab/door/said.js';
import { PacketWriter, writeError, writeOk, writeResultSet } from '../../tools/simulator/packets.js';
import { PlanPoints, pointsOf, pointText } from '../support/crash/plan-points.js';

const ROW = { columns: [{ name: 'a', type: 'int' as const }], rows: [['1'], ['2']] };

function endsIn(bytes: Buffer, deprecateEof: boolean): { readonly packets: number; readonly error: number | null } {
  const stream = new PacketStream();
  stream.feed(bytes);
  const reader = new AnswerReader(deprecateEof);
  for (let packets = 1; ; packets += 1) {
    const packet = stream.next();
    if (packet === null) throw new Error('the answer has no end');
    if (reader.take(payloadOf(packet))) {
      if (stream.next() !== null) throw new Error('the answer ended too early');
      return { packets, error: reader.error };
    }
  }
}

describe.each([true, false])('the end of an answer (without EOF packets: %s)', (deprecateEof) => {
  it('is behind the last of its parts', () => {
    const writer = new PacketWriter(1);
    writeResultSet(writer, ROW, { moreFollows: true, deprecateEof });
    writeOk(writer, 0, true);
    writeResultSet(writer, ROW, { moreFollows: false, deprecateEof });
    expect(endsIn(writer.done().bytes, deprecateEof)).toMatchObject({ error: null });
  });

  it('is an error, which keeps the rest from being done', () => {
    const writer = new PacketWriter(1);
    writeResultSet(writer, ROW, { moreFollows: true, deprecateEof });
    writeError(writer, { number: 1242, message: 'Subquery returns more than 1 row' });
    expect(endsIn(writer.done().bytes, deprecateEof)).toMatchObject({ error: 1242 });
  });
});

describe('a stream of packets', () => {
  it('keeps a packet that is not whole until it is, and gives up what is left over', () => {
    const writer = new PacketWriter(1);
    writeOk(writer, 0, false);
    const { bytes } = writer.done();
    const stream = new PacketStream();
    stream.feed(bytes.subarray(0, 3));
    expect(stream.next()).toBeNull();
    stream.feed(bytes.subarray(3));
    stream.feed(Buffer.from('tls'));
    expect(stream.next()).toEqual(bytes);
    expect(stream.takeRest()).toEqual(Buffer.from('tls'));
  });
});

describe('a statement of a plan', () => {
  const by = { server: '127.0.0.1:1', threadId: 7, port: 2 };
  const guarded =
    "SELECT IF(SYSDATE(6) < @d AND IS_USED_LOCK('l') = CONNECTION_ID(), 1, (SELECT 1 UNION ALL SELECT 2)); KILL 17";

  it('is known as a change by what the server judges first, and named without it', () => {
    expect(new Said(by, guarded)).toMatchObject({ isChange: true, shape: 'KILL #' });
    expect(new Said(by, "SELECT WAIT('a:1-2', 0.5)")).toMatchObject({ isChange: false, shape: 'SELECT WAIT(?, #)' });
  });

  it('is struck at the point that was named, once, and nothing is said meanwhile', async () => {
    const points = new PlanPoints();
    const struck: string[] = [];
    let fall = (): void => undefined;
    points.start({ shape: 'B', nth: 2, when: 'after' }, async ({ text }) => {
      struck.push(text);
      await new Promise<void>((resolve) => {
        fall = resolve;
      });
    });
    const held = ['A', 'B', 'B', 'A', 'B'].map((text) => {
      const said = new Said(by, text);
      points.statement(said);
      if (said.gate === null) points.answer(said);
      return said.gate !== null;
    });
    expect(held).toEqual([false, false, true, true, true]);
    expect(struck).toEqual(['B']);
    fall();
    await points.struck;
    const later = new Said(by, 'B');
    points.statement(later);
    expect(later.gate).toBeNull();
  });

  it('is struck, in the long run, around every step and every change', () => {
    const said = ['READ', 'READ', guarded, 'READ', 'READ', 'LOOK'].map((text) => new Said(by, text));
    const [first, second] = [said[0]?.atMs ?? 0, Date.now() + 1000];
    const steps = [
      { server: 'elsewhere', finishedAtMs: second },
      { server: by.server, finishedAtMs: second },
      { server: by.server, finishedAtMs: null },
    ];
    expect(pointsOf(said, steps).map(pointText)).toEqual([
      'before 1x READ',
      'before 1x KILL #',
      'after 1x KILL #',
      'after 1x LOOK',
    ]);
    const ended = [{ server: by.server, finishedAtMs: first - 1 }, ...steps];
    expect(pointsOf(said, ended)).toEqual(pointsOf(said, steps));
  });
});
