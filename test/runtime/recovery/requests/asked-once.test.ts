// Moves, switches and ways back under a key of their caller's: whoever lost the answer asks again, and nothing is done twice.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Recovery } from '../../../../src/core/recovery/recovery.js';
import type { Step } from '../../../../src/core/recovery/step.js';
import type { Answer } from '../../../../src/runtime/ports/service.js';
import { openingOf, participant } from '../../../support/worlds/recoveries.js';
import { MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../../support/worlds/world-nodes.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

let world: MysqlWorld;
let nodes: WorldNodes;

/** P over A and B. */
beforeEach(async () => {
  world = new MysqlWorld();
  world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), world.get(P));
  world.write(world.get(P), 5);
  world.settle();
  nodes = new WorldNodes(world);
  await nodes.start();
});

type Ask = (requestKey: string, of?: typeof A) => Promise<Answer<Recovery>>;

const move: Ask = (requestKey, server = A) => {
  const asked = { command: 'relocate', server, destination: B, pattern: null, requestedBy: 'ann', requestKey } as const;
  return nodes.driver.moves.ask({ ...asked, clusterId: nodes.cluster() });
};

const flush: Ask = (requestKey, server = A) => {
  const nothing = { channel: null, seconds: null, connection: null, until: '', force: false, binaryLog: '' };
  const asked = { ...nothing, command: 'flush-binary-logs', server, requestedBy: 'ann', requestKey } as const;
  return nodes.driver.switches.ask({ ...asked, clusterId: nodes.cluster() });
};

/** Of a replica whose replication was stopped. */
const inject: Ask = (requestKey, server = A) =>
  nodes.driver.waysBack.begin({ way: 'inject-empty', server, donor: null, requestedBy: 'ann', requestKey });

const KINDS: readonly (readonly [string, Ask, Step['kind']])[] = [
  ['move', move, 'repoint'],
  ['switch', flush, 'switch'],
  ['inject-empty', inject, 'inject-empty'],
];

describe.each(KINDS)('a %s', (kind, ask, step) => {
  beforeEach(async () => {
    if (ask !== inject) return;
    Object.assign(world.get(A), { io: false, sql: false, readOnly: false });
    world.write(world.get(A), 1);
    world.get(A).readOnly = true;
    await nodes.observe();
  });
  const made = (): readonly Recovery[] => nodes.recoveries.filter((recovery) => recovery.kind === kind);

  it('whose answer was lost with the leader is answered by the next one, and done once', async () => {
    let died = false;
    nodes.sessions.beforeStep = async (next) => {
      if (next.kind !== step || died) return;
      died = true;
      await nodes.changeLeader();
    };
    const first = await ask('one').catch((error: unknown) => error);
    // Who asked for a way back is answered with its record, which is open.
    const lost = { code: 'FATE_UNKNOWN', done: 'unknown' };
    expect(first).toMatchObject(ask === inject ? { ok: true, value: { closedAtMs: null } } : lost);
    await nodes.turns();
    const again = ask('one');
    await nodes.untilClosed();
    expect(await again).toMatchObject({ ok: true, value: { kind, verdict: { kind: 'succeeded' } } });
    expect(await ask('one')).toEqual(await again);
    expect(made()).toHaveLength(1);
  });

  it('that is asked for twice at once is one', async () => {
    const [first, second] = await Promise.all([ask('one'), nodes.turns(2).then(() => ask('one'))]);
    expect(first).toMatchObject({ ok: true });
    expect(second).toEqual(first);
    expect(made()).toHaveLength(1);
  });

  it('under the key of another request is refused', async () => {
    const both = [ask('one'), ask('one', P)];
    const refused = { ok: false, refusal: { code: 'IDEMPOTENCY_KEY_TAKEN' } };
    expect(await Promise.all(both)).toMatchObject([{ ok: true }, refused]);
    expect(await ask('one', P)).toMatchObject(refused);
    expect(made()).toHaveLength(1);
  });
});

it('a request that waited for its turn while another leader did it is answered with that, and not done again', async () => {
  const other = uuidOf(9);
  const done = openingOf('switch', other, [participant(other, 'place')], { requestKey: 'two' });
  let tell: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  let isFed = false;
  nodes.sessions.beforeStep = async ({ kind }) => {
    if (kind !== 'repoint' || isFed) return;
    isFed = true;
    await isAsked;
    await nodes.ledger.propose({ kind: 'recovery-opened', recovery: done });
    await nodes.ledger.propose({
      kind: 'recovery-closed',
      recoveryId: done.id,
      verdict: { kind: 'succeeded' },
      lost: [],
    });
  };
  const first = move('one');
  const second = move('two', P);
  tell();
  expect(await first).toMatchObject({ ok: true, value: { verdict: { kind: 'succeeded' } } });
  expect(await second).toMatchObject({ ok: true, value: { id: done.id } });
});

it('what was refused under a key was not done, and is judged anew under it', async () => {
  const lock = { server: A, owner: 'bob', reason: 'disks', durationMs: 60_000 };
  await nodes.ledger.propose({ kind: 'maintenance-begun', ...lock });
  expect(await move('one')).toMatchObject({ ok: false, refusal: { code: 'maintenance' } });
  await nodes.ledger.propose({ kind: 'maintenance-ended', server: A, by: 'bob' });
  expect(await move('one')).toMatchObject({ ok: true, value: { verdict: { kind: 'succeeded' } } });
});
