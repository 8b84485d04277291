// Real processes: what they are told, how long they may take, and what becomes of them.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { HookFolder } from '../../../src/adapters/hooks/hook-folder.js';
import { ProcessHookRunner } from '../../../src/adapters/hooks/process-hook-runner.js';
import type { HookEvent, HookList } from '../../../src/core/recovery/telling/hook-terms.js';
import type { StepOutcome } from '../../../src/core/recovery/step.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import { OperationalError } from '../../../src/runtime/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'hooks-test-'));
const out = join(folder, 'out');
const directory = join(folder, 'hooks');
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let logged: string[] = [];
beforeEach(() => {
  logged = [];
  rmSync(out, { force: true });
});

const EVENT: HookEvent = {
  facts: {
    failureType: 'DeadMaster',
    description: "Master cannot be reached; it's $(gone)",
    role: 'primary',
    command: '',
    failed: { host: 'db1.example', port: 3307 },
    clusterName: 'db1.example:3307',
    clusterAlias: 'shop',
    clusterDomain: 'shop.example',
    replicas: ['db2.example:3307', 'db3.example:3307'],
    isDowntimed: false,
    automaticPrimary: true,
    automaticIntermediate: false,
    aliases: { ['b' as ServerId]: 'second' },
  },
  recoveryId: '1700000000000:abcd',
  attempt: 2,
  isSuccessful: true,
  successor: { address: { host: 'db2.example', port: 3307 }, alias: 'second', binaryLog: 'binlog.000002:157' },
  lost: ['db3.example:3307'],
};

interface Given {
  readonly list?: HookList;
  readonly event?: HookEvent;
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
  readonly confirm?: () => Promise<void>;
}

function run(commands: readonly string[], given: Given = {}): Promise<StepOutcome> {
  const { list = 'after-success', event = EVENT, limitMs = 20_000 } = given;
  const line = (_fields: object, text: string): void => {
    logged.push(text);
  };
  const runner = new ProcessHookRunner({
    shell: 'bash',
    lists: new Map([[list, commands]]),
    holdingBackMs: limitMs,
    followingMs: limitMs,
    hostname: 'orc1',
    environment: { PATH: process.env['PATH'], OUT: out },
    directory,
    log: { debug: line, info: line, warn: line, error: line },
  });
  expect(runner.configured).toEqual(new Set(commands.length === 0 ? [] : [list]));
  const { signal = new AbortController().signal, confirm = () => Promise.resolve() } = given;
  return runner.run({ list, event, confirm, signal });
}

/** Whoever was given the file to write to. */
function stillRunning(): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`OUT=${out}`);
    } catch {
      return false;
    }
  });
}

const written = (): string => readFileSync(out, 'utf8');

async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 1000 && !holds(); round++) await sleep(20);
  expect(holds()).toBe(true);
}

describe('what a command is told', () => {
  it('is every placeholder', async () => {
    const names =
      'failureType instanceType isMaster isCoMaster failureDescription command failedHost failedPort failureCluster failureClusterAlias failureClusterDomain countSlaves countReplicas isDowntimed autoMasterRecovery autoIntermediateMasterRecovery orchestratorHost recoveryUID isSuccessful successorHost successorPort successorBinlogCoordinates successorAlias lostSlaves lostReplicas countLostReplicas slaveHosts replicaHosts'.split(
        ' ',
      );
    await run([`printf '%s\\n' ${names.map((name) => `"${name}={${name}}"`).join(' ')} > "$OUT"`]);
    expect(written().trimEnd().split('\n')).toEqual([
      'failureType=DeadMaster',
      'instanceType=master',
      'isMaster=true',
      'isCoMaster=false',
      "failureDescription=Master cannot be reached; it's $(gone)",
      'command=',
      'failedHost=db1.example',
      'failedPort=3307',
      'failureCluster=db1.example:3307',
      'failureClusterAlias=shop',
      'failureClusterDomain=shop.example',
      'countSlaves=2',
      'countReplicas=2',
      'isDowntimed=false',
      'autoMasterRecovery=true',
      'autoIntermediateMasterRecovery=false',
      'orchestratorHost=orc1',
      'recoveryUID=1700000000000:abcd',
      'isSuccessful=true',
      'successorHost=db2.example',
      'successorPort=3307',
      'successorBinlogCoordinates=binlog.000002:157',
      'successorAlias=second',
      'lostSlaves=db3.example:3307',
      'lostReplicas=db3.example:3307',
      'countLostReplicas=1',
      'slaveHosts=db2.example:3307,db3.example:3307',
      'replicaHosts=db2.example:3307,db3.example:3307',
    ]);
  });

  it('is every variable', async () => {
    await run([`env | grep '^ORC_[A-Z_]*=' | grep -v ^ORC_VALUE_ | sort > "$OUT"`]);
    expect(written().trimEnd().split('\n')).toEqual(
      [
        'ORC_AUTO_INTERMEDIATE_MASTER_RECOVERY=false',
        'ORC_AUTO_MASTER_RECOVERY=true',
        'ORC_COMMAND=',
        'ORC_COUNT_REPLICAS=2',
        'ORC_FAILED_HOST=db1.example',
        'ORC_FAILED_PORT=3307',
        'ORC_FAILURE_CLUSTER=db1.example:3307',
        'ORC_FAILURE_CLUSTER_ALIAS=shop',
        'ORC_FAILURE_CLUSTER_DOMAIN=shop.example',
        "ORC_FAILURE_DESCRIPTION=Master cannot be reached; it's $(gone)",
        'ORC_FAILURE_TYPE=DeadMaster',
        'ORC_INSTANCE_TYPE=master',
        'ORC_IS_CO_MASTER=false',
        'ORC_IS_DOWNTIMED=false',
        'ORC_IS_MASTER=true',
        'ORC_IS_SUCCESSFUL=true',
        'ORC_LOST_REPLICAS=db3.example:3307',
        'ORC_ORCHESTRATOR_HOST=orc1',
        'ORC_RECOVERY_ATTEMPT=2',
        'ORC_RECOVERY_UID=1700000000000:abcd',
        'ORC_REPLICA_HOSTS=db2.example:3307,db3.example:3307',
        'ORC_SUCCESSOR_ALIAS=second',
        'ORC_SUCCESSOR_BINLOG_COORDINATES=binlog.000002:157',
        'ORC_SUCCESSOR_HOST=db2.example',
        'ORC_SUCCESSOR_PORT=3307',
      ].sort(),
    );
  });

  it('is nothing of a successor where there is none: the text stays as it is written', async () => {
    await run([`echo "{successorHost} {lostReplicas} \${ORC_SUCCESSOR_HOST-unset}" > "$OUT"`], {
      event: { ...EVENT, successor: null, lost: [] },
    });
    expect(written()).toBe('{successorHost}  unset\n');
  });

  it('of take-master, is two addresses as arguments and in the environment', async () => {
    await run(['echo "$1 $2 $ORC_SUCCESSOR_HOST $ORC_FAILED_HOST" > "$OUT"'], { list: 'after-role-swap' });
    expect(written()).toBe('db2.example:3307 db1.example:3307 db2.example:3307 db1.example:3307\n');
  });

  it('may be more than a variable can hold, and hold what none can', async () => {
    const clusterAlias = `a\u0000b${'x'.repeat(300_000)}`;
    await run(['printf %s "${#ORC_FAILURE_CLUSTER_ALIAS}${ORC_FAILURE_CLUSTER_ALIAS:0:3}" > "$OUT"'], {
      event: { ...EVENT, facts: { ...EVENT.facts, clusterAlias } },
    });
    expect(written()).toBe('120000abx');
  });
});

describe('a list', () => {
  it('is run in order, and its outcome says what was run and what was said', async () => {
    const outcome = await run(['echo one >> "$OUT"; echo fine', 'TOKEN=secret; echo two >> "$OUT"']);
    expect(JSON.stringify([outcome, logged])).not.toContain('secret');
    expect(written()).toBe('one\ntwo\n');
    expect(outcome).toMatchObject({ ok: true, findings: { text: '2 done' } });
    expect(outcome.ok ? outcome.findings.lines : []).toEqual([
      'Running 2 PostFailoverProcesses hooks',
      'PostFailoverProcesses hook 1 of 2 (echo) is started',
      expect.stringMatching(/^PostFailoverProcesses hook 1 of 2 \(echo\) done after \d+ ms: fine$/),
      'PostFailoverProcesses hook 2 of 2 is started',
      expect.stringMatching(/^PostFailoverProcesses hook 2 of 2 done after \d+ ms$/),
    ]);
  });

  it('that holds back ends with the first failure', async () => {
    const outcome = await run(['echo no such VIP >&2; exit 3', 'echo two > "$OUT"'], { list: 'before-failover' });
    expect(outcome).toMatchObject({ ok: false, code: 'hook', retriable: false });
    expect(outcome.ok ? '' : outcome.error).toMatch(
      /^PreFailoverProcesses hook 1 of 2 \(echo\) failed with exit code 3 after \d+ ms: no such VIP$/,
    );
    expect(() => written()).toThrow();
  });

  it('that follows goes on after a failure, and says what failed first', async () => {
    const outcome = await run(['exit 3', 'echo two > "$OUT"; exit 4']);
    expect(outcome.ok ? '' : outcome.error).toMatch(/hook 1 of 2 \(exit\) failed with exit code 3/);
    expect(written()).toBe('two\n');
  });

  it('is not begun, or not gone on with, by a node that may not act', async () => {
    let asked = 0;
    const outcome = await run(['echo one >> "$OUT"', 'echo two >> "$OUT"'], {
      confirm: () => {
        asked += 1;
        return asked === 1 ? Promise.resolve() : Promise.reject(new OperationalError('NOT_LEADER', 'another leads'));
      },
    });
    expect(outcome).toMatchObject({ ok: false, code: 'authority' });
    expect(written()).toBe('one\n');
  });

  it('without commands is done', async () => {
    expect(await run([])).toMatchObject({ ok: true, findings: { text: 'this node has no PostFailoverProcesses' } });
  });

  it('whose shell is not there has failed', async () => {
    const outcome = await run(['exec /nonexistent/program']);
    expect(outcome.ok ? '' : outcome.error).toMatch(/exit code 12[67]/);
  });
});

describe('a command', () => {
  it('that takes too long is ended with all that it started, and has failed', async () => {
    // Long enough for a busy machine to begin.
    const outcome = await run(['trap "" TERM; (sleep 600; echo late > "$OUT") & echo begun; sleep 600'], {
      list: 'before-failover',
      limitMs: 5000,
    });
    expect(outcome.ok ? '' : outcome.error).toMatch(
      /hook 1 of 1 \(trap\) took too long and was ended after \d+ ms: begun$/,
    );
    await until(() => stillRunning().length === 0);
    expect(() => written()).toThrow();
  });

  it('is ended when this node does not lead any more, and has no outcome', async () => {
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 200);
    const outcome = await run(['sleep 30; echo late > "$OUT"', 'echo two > "$OUT"'], { signal: stop.signal });
    expect(outcome).toMatchObject({ ok: false, code: 'authority' });
    expect(() => written()).toThrow();
  });

  it('that leaves a daemon behind is done when it has ended itself', async () => {
    const outcome = await run(['(sleep 1; echo daemon > "$OUT") & echo started']);
    expect(outcome).toMatchObject({ ok: true });
    expect(outcome.ok ? outcome.findings.lines?.at(-1) : '').toMatch(/: started$/);
    await until(() => {
      try {
        return written() === 'daemon\n';
      } catch {
        return false;
      }
    });
  });

  it('that ends in & is not waited for, and its failure fails nothing', async () => {
    const command = 'until [ -e "$OUT.now" ]; do sleep 0.05; done; echo {failedHost} > "$OUT"; exit 7 &';
    const outcome = await run([command], { list: 'before-failover' });
    expect(outcome).toMatchObject({ ok: true });
    expect(() => written()).toThrow();
    writeFileSync(`${out}.now`, '');
    await until(() => logged.some((line) => line.includes('failed with exit code 7')));
    expect(written()).toBe('db1.example\n');
  });

  it('may say a lot: the beginning and the end are kept', async () => {
    const outcome = await run(['echo begin; head -c 3000000 /dev/zero | tr "\\0" x; echo; echo end; exit 1']);
    expect(outcome.ok ? '' : outcome.error).toMatch(/end$/);
    expect(outcome.ok ? '' : outcome.error.length).toBeLessThan(700);
    const [line = ''] = logged.filter((one) => one.includes('exit code 1'));
    expect(line).toMatch(/begin\nx+\n\.\.\. \d+ bytes left out \.\.\.\nx+\nend$/);
  });

  it('leaves no file behind', async () => {
    await run(['dirname "$0" > "$OUT"']);
    const place = written().trim();
    expect(dirname(place)).toBe(directory);
    expect(() => readFileSync(join(place, 'hook'))).toThrow();
  });

  it('removes what a node that was killed has left', async () => {
    const left = join(directory, 'hook-of-the-killed');
    mkdirSync(left, { recursive: true });
    await run(['echo "$0" > "$OUT"']);
    expect(existsSync(left)).toBe(false);
    expect(existsSync(directory)).toBe(true);
  });

  it('removes nothing later, when others of its own may be running, though its folder was gone in between', async () => {
    const own = new HookFolder(directory);
    const first = await own.forOne();
    rmSync(directory, { recursive: true });
    writeFileSync(directory, '');
    await expect(own.forOne()).rejects.toThrow(/EEXIST|ENOTDIR/);
    rmSync(directory);
    mkdirSync(first, { recursive: true });
    await own.forOne();
    expect(existsSync(first)).toBe(true);
  });

  it('says so where it cannot be written', async () => {
    rmSync(folder, { recursive: true, force: true });
    writeFileSync(folder, '');
    const outcome = await run(['true']);
    rmSync(folder);
    mkdirSync(folder);
    expect(outcome.ok ? '' : outcome.error).toMatch(/could not be started|ENOTDIR|EEXIST/);
  });
});
