/** Bytes that are no text are refused; the character that stands for them is text. */
import { expect, test } from 'vitest';
import { loadKeyValueService } from '../../../../src/adapters/grpc/key-value/proto.js';
import { refuseBrokenText } from '../../../../src/adapters/grpc/key-value/text.js';

const { Put, Pipeline } = loadKeyValueService();

/** The bytes of `x` in the request replaced by one that no UTF-8 holds. */
function broken(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.indexOf('x')] = 0xff;
  return copy;
}

test('a value that is no text is refused, on its own and in a pipeline', () => {
  const put = { key: 'k', value: 'axb' };
  const alone = Put.requestDeserialize(broken(Put.requestSerialize(put)));
  const piped = Pipeline.requestDeserialize(broken(Pipeline.requestSerialize({ id: 1, put })));
  for (const request of [alone, piped]) expect(() => refuseBrokenText(request)).toThrow(/text in UTF-8/);
});

test('text is taken as it is, U+FFFD included', () => {
  const put = { key: 'k\uFFFD', value: 'ä\uFFFD\uFFFD' };
  const read = Put.requestDeserialize(Put.requestSerialize(put));
  expect(read).toMatchObject(put);
  expect(() => refuseBrokenText(read)).not.toThrow();
});
