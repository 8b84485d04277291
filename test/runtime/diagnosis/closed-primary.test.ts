// A primary that was opened by a leader that is gone: the next one has seen it closed, before that, and must not open it a
// second time for it. What it sees from then on counts.
import { expect, it } from 'vitest';
import { Ledger } from '../../../src/core/ledger/ledger.js';
import { encodeCommand } from '../../../src/core/ledger/codec.js';
import type { Command } from '../../../src/core/ledger/command.js';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import { touchedBy } from '../../../src/runtime/probing/touched.js';
import { DiagnosisStage } from '../../support/diagnosis-stage.js';
import { observed, serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { goodProbe } from '../../support/probes.js';

const closed = (atMs: number) => goodProbe('p', { atMs, facts: { readOnly: true, superReadOnly: true } });

it('is not called closed for what was seen of it before the last step on it, and is for what is seen after', async () => {
  const stage = new DiagnosisStage({ p: null, r: 'p' }, { settings: { recoverNonWriteablePrimary: true } });
  await stage.leadWell();
  const reaction = () => stage.latest.problems.find(({ server }) => server === serverId('p'))?.reaction;
  stage.look(closed(stage.clock.now));
  await stage.clock.advance(500);
  expect(reaction()).toBe('open-primary');
  // As the node does when it applies the end of a step of the leader of then.
  stage.sightings.invalidateBefore(serverId('p'), stage.clock.now);
  stage.loop.noticeApplied();
  await stage.clock.advance(500);
  expect(reaction()).toBeUndefined();
  stage.look(closed(stage.clock.now));
  await stage.clock.advance(500);
  expect(reaction()).toBe('open-primary');
});

it('a node that follows learns from the log whom a step has changed', () => {
  const ledger = new Ledger();
  let index = 0;
  const feed = (command: object) => ledger.apply((index += 1), encodeCommand({ atMs: index, ...command } as Command));
  feed({ kind: 'topology-observed', servers: [observed('p', null), observed('r', 'p')] });
  const clusterId = ledger.state.servers.get(serverId('p'))?.clusterId;
  if (clusterId === undefined) throw new Error('it was observed');
  const recoveryId = 'R1' as RecoveryId;
  const step = { kind: 'look', server: serverId('r') } as const;
  const opened = feed({ kind: 'recovery-opened', recovery: recoveryOf(recoveryId, clusterId, 'p') });
  const intended = feed({ kind: 'steps-intended', recoveryId, term: 1, steps: [{ number: 1, attempt: 1, step }] });
  const finished = feed({ kind: 'step-finished', recoveryId, number: 1, outcome: { ok: true, findings: {} } });
  expect([...touchedBy([opened, intended])]).toEqual([]);
  expect([...touchedBy([opened, intended, finished])]).toEqual([serverId('r')]);
});
