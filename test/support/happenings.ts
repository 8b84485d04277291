/** A log of happenings over a state that a test changes by hand. */
import type { Problem } from '../../src/core/analysis/problem.js';
import type { LedgerState } from '../../src/core/ledger/state.js';
import type { Recovery } from '../../src/core/recovery/recovery.js';
import type { ClusterId, ServerId } from '../../src/core/topology/server.js';
import { HappeningLog } from '../../src/runtime/happenings/happening-log.js';
import { serverId } from './facts.js';

export class HappeningStage {
  readonly recoveries = new Map<string, Recovery>();
  readonly restraint = new Map<ServerId, readonly string[]>();
  problems: Problem[] = [];
  leader = 'n1';
  readonly log: HappeningLog;

  constructor(life = 'life', startedAtMs = 0) {
    const state = { recoveries: this.recoveries, servers: new Map() } as unknown as LedgerState;
    this.log = new HappeningLog({
      clock: { wallMs: () => 1_000_000 },
      life,
      startedAtMs,
      state: () => state,
      analysis: () => ({ problems: this.problems, structure: new Map(), restraint: this.restraint }),
      leader: () => this.leader,
    });
    this.log.notice();
  }

  find(server: string, code: Problem['code']): void {
    const problem: Problem = {
      server: serverId(server),
      clusterId: 'c1' as ClusterId,
      code,
      description: `${code} of ${server}`,
      severity: 'critical',
      reaction: 'none',
      because: ['it was seen'],
    };
    this.problems = [...this.problems.filter((one) => one.server !== problem.server), problem];
    this.log.notice();
  }

  end(server: string): void {
    this.problems = this.problems.filter((one) => one.server !== serverId(server));
    this.log.notice();
  }
}
