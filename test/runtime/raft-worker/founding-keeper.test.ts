/** What a node knows, keeps and would say of its founding. */
import { expect, test } from 'vitest';
import { decodeFounding } from '../../../src/core/ledger/founding.js';
import { OperationalError } from '../../../src/runtime/errors.js';
import { FoundingKeeper } from '../../../src/runtime/raft-worker/founding-keeper.js';

const [DRAWN, HEARD, OWN, OTHER] = ['d', 'a', 'c', 'e'].map((digit) => digit.repeat(32)) as [
  string,
  string,
  string,
  string,
];

function keeper(trouble: OperationalError | null = null) {
  const seen = {
    admits: [] as string[],
    kept: [] as string[],
    openings: [] as (string | null)[],
    events: [] as string[],
  };
  const ports = {
    transport: { setFounding: (founding: string) => void seen.admits.push(founding) },
    rememberFounding: (founding: string) => {
      if (trouble !== null) return Promise.reject(trouble);
      seen.kept.push(founding);
      return Promise.resolve();
    },
  };
  const founding = new FoundingKeeper(DRAWN, ports, {
    onOpening: (payload) => seen.openings.push(decodeFounding(payload)),
    onEvent: ({ level, text }) => seen.events.push(`${level} ${text}`),
  });
  return { founding, seen };
}

test('the first leader of a cluster names what was drawn; it turns nobody away before the log says so', () => {
  const { founding, seen } = keeper();
  founding.remembered(null);
  expect([decodeFounding(founding.opening), founding.known, seen.admits]).toEqual([DRAWN, null, []]);
});

test('a node that knows of none would name what others say, and is of no founding yet', () => {
  const { founding, seen } = keeper();
  founding.heard(HEARD);
  expect([decodeFounding(founding.opening), founding.known, seen.openings]).toEqual([HEARD, null, [HEARD]]);
});

test('what the log says is kept once, and what others say changes nothing any more', async () => {
  const { founding, seen } = keeper();
  await founding.applied(OWN);
  await founding.applied(OWN);
  founding.heard(OTHER);
  expect([founding.known, decodeFounding(founding.opening), seen.kept, seen.admits]).toEqual([OWN, OWN, [OWN], [OWN]]);
});

test('what the directory remembers holds from the start and need not be written again', async () => {
  const { founding, seen } = keeper();
  founding.remembered(OWN);
  await founding.applied(OWN);
  expect([founding.known, seen.kept, seen.events]).toEqual([OWN, [], []]);
});

test('a directory and a log of two foundings are told of', async () => {
  const { founding, seen } = keeper();
  founding.remembered(OTHER);
  await founding.applied(OWN);
  expect([founding.known, seen.events.join()]).toEqual([OWN, expect.stringMatching(/^error .*copied into the other/)]);
});

test('a disk that fails is told of, and the founding is known all the same', async () => {
  const { founding, seen } = keeper(new OperationalError('STORAGE', 'the disk is full'));
  await founding.applied(OWN);
  expect([founding.known, seen.events]).toEqual([OWN, ['warn the disk is full']]);
});
