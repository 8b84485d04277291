// All lists of hooks around a real failover and a real takeover, run by a real shell: in which order, when, and what they
// are told.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProcessHookRunner } from '../../../src/adapters/hooks/process-hook-runner.js';
import type { HookList } from '../../../src/core/recovery/telling/hook-terms.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { type LabNodes, toldBy } from '../../support/lab/lab-nodes.js';
import { labStage } from '../../support/lab/lab-stage.js';
import { ALL_LISTS } from '../../support/recording-hooks.js';

const stage = labStage();
let topology: Topology;
let nodes: LabNodes;
let folder: string;
let failing: ReadonlySet<HookList>;

/** A line for each run: placeholders in three kinds of quotes, and variables. */
const lineOf = (list: HookList): string =>
  `printf '%s|' ${list} {failureType} "{failedHost}:{failedPort}" '{failureClusterAlias}' {isSuccessful} ` +
  `"$ORC_SUCCESSOR_HOST:$ORC_SUCCESSOR_PORT" "\${ORC_SUCCESSOR_BINLOG_COORDINATES%%:*}" "$ORC_COMMAND" "$ORC_COUNT_REPLICAS" ` +
  `"$ORC_RECOVERY_ATTEMPT" >> "$OUT"; echo >> "$OUT"${failing.has(list) ? '; exit 1' : ''}`;

beforeEach(async () => {
  failing = new Set();
  folder = mkdtempSync(join(tmpdir(), 'recovery-hooks-'));
  topology = await stage.topology({ replicas: 2 });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const nothing = (): void => undefined;
  const hooks = new ProcessHookRunner({
    shell: 'bash',
    lists: new Map(ALL_LISTS.map((list) => [list, [lineOf(list)]])),
    holdingBackMs: 10_000,
    followingMs: 10_000,
    hostname: 'orc1',
    environment: { PATH: process.env['PATH'], OUT: join(folder, 'out') },
    directory: join(folder, 'hooks'),
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  });
  nodes = await stage.nodes(topology.servers, {}, { hooks });
  await nodes.ledger.propose({ kind: 'alias-set', clusterId: nodes.cluster(), alias: 'shop $(false) "1"' });
}

const told = (): readonly (readonly string[])[] =>
  readFileSync(join(folder, 'out'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('|').slice(0, -1));

const row = (
  list: HookList,
  successor: LabServer | null,
  command: string,
  isSuccessful: boolean,
): readonly string[] => [
  list,
  'DeadMaster',
  topology.primary.address,
  'shop $(false) "1"',
  String(isSuccessful),
  successor === null ? ':' : successor.address,
  successor === null ? '' : (expect.stringMatching(/^[\w-]+\.\d{6}$/) as string),
  command,
  '2',
  '1',
];

describe('hooks around a real failover', () => {
  it('are run in their order and told what happened', async () => {
    await start();
    const failed = nodes.idOf(topology.primary);
    await topology.primary.kill();
    nodes.driver.noticeProblems([nodes.deadMaster(failed)]);
    await nodes.until('the failover ends', () => nodes.isIdle);
    await nodes.until('its hooks have run', () => told().some(([list]) => list === 'after-success'));
    const promoted = topology.replicas.find((server) => nodes.idOf(server) === nodes.recoveries[0]?.successor);
    if (promoted === undefined) throw new Error('nobody was promoted');
    expect(told()).toEqual([
      row('on-detection', null, '', false),
      row('before-failover', null, '', false),
      row('after-primary', promoted, '', true),
      row('after-success', promoted, '', true),
    ]);
  });

  it('hold it back when the first of them fails, and nothing was touched', async () => {
    failing = new Set(['before-failover']);
    await start();
    const failed = nodes.idOf(topology.primary);
    await topology.primary.kill();
    nodes.driver.noticeProblems([nodes.deadMaster(failed)]);
    await nodes.until('the failover ends', () => nodes.isIdle);
    expect(nodes.recoveries, nodes.lines.join('\n')).toMatchObject([{ verdict: { kind: 'undone' }, promotion: null }]);
    for (const replica of topology.replicas) {
      expect(await replica.query('SELECT @@read_only AS closed')).toEqual([{ closed: 1 }]);
      expect(await replica.replicaStatus()).toMatchObject({ sqlRunning: 'Yes' });
    }
  });
});

describe('hooks around a real takeover', () => {
  it('are run in their order, and the answer comes after them', async () => {
    await start();
    const [first] = topology.replicas;
    if (first === undefined) throw new Error('a replica is needed');
    const answer = await nodes.takeover(first);
    expect(answer, toldBy(answer)).toMatchObject({ ok: true });
    const command = 'graceful-master-takeover';
    expect(told()).toEqual([
      row('on-detection', null, command, false),
      row('before-takeover', null, command, false),
      row('before-failover', null, command, false),
      row('after-primary', first, command, true),
      row('after-success', first, command, true),
      row('after-takeover', first, command, true),
    ]);
  });

  it('leave the primary open when one of the first fails', async () => {
    failing = new Set(['before-takeover']);
    await start();
    const [first] = topology.replicas;
    if (first === undefined) throw new Error('a replica is needed');
    const answer = await nodes.takeover(first);
    expect(answer, toldBy(answer)).toMatchObject({
      ok: true,
      value: { verdict: { kind: 'undone' }, promotion: null },
    });
    expect(told().map(([list]) => list)).toEqual(['on-detection', 'before-takeover']);
    expect(await topology.primary.query('SELECT @@read_only AS closed')).toEqual([{ closed: 0 }]);
  });
});
