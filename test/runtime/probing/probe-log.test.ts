import { describe, expect, it } from 'vitest';
import type { FailureKind, ProbeResult, ServerReport } from '../../../src/core/topology/report.js';
import type { Log } from '../../../src/runtime/ports/log.js';
import { ProbeLog } from '../../../src/runtime/probing/probe-log.js';
import { addressOf } from '../../support/facts.js';

const times = { startedAtMs: 1, finishedAtMs: 2 };

function failed(kind: FailureKind, code: string): ProbeResult {
  const failure = { kind, code, message: `p:3306: ${code}, check MySQLTopologyUser` };
  return { ok: false, ...times, address: addressOf('p'), failure };
}

const answered: ProbeResult = { ok: true, ...times, report: { address: addressOf('p') } as ServerReport };

describe('the log of probes', () => {
  it('tells each failure once, another reason again, and that it is over', () => {
    const lines: string[] = [];
    const tell = (_fields: object, text: string): void => void lines.push(text);
    const log: Log = { debug: tell, info: tell, warn: tell, error: tell };
    const probes = new ProbeLog(log);
    for (const result of [
      answered,
      failed('alive', '1045'),
      failed('alive', '1045'),
      failed('refused', 'ECONNREFUSED'),
      answered,
      answered,
    ]) {
      probes.note(result);
    }
    expect(lines).toEqual([
      'cannot be probed: p:3306: 1045, check MySQLTopologyUser',
      'cannot be probed: p:3306: ECONNREFUSED, check MySQLTopologyUser',
      'p:3306 answers again',
    ]);
  });

  it('tells every failure where that is asked for', () => {
    const lines: string[] = [];
    const tell = (_fields: object, text: string): void => void lines.push(text);
    const probes = new ProbeLog({ debug: tell, info: tell, warn: tell, error: tell }, () => true);
    for (let attempt = 0; attempt < 3; attempt += 1) probes.note(failed('refused', 'ECONNREFUSED'));
    expect(lines).toHaveLength(3);
  });
});
