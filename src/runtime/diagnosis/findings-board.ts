/**
 * What is found to be wrong now, as doors show it and as the recovery acts upon it. The two differ in one thing: a finding
 * may be shown while it is looked into again, but nobody may act on it before it is found anew. After a pause of ours, a
 * recovery that failed or a change of leaders the primary may be well again.
 */
import { byGravity, concernsReach } from '../../core/analysis/diagnose.js';
import { callsForRecovery, type Problem, type StructureCode } from '../../core/analysis/problem.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { Finding } from './diagnostician.js';
import type { Findings } from './findings.js';
import type { Inquest } from './inquest.js';
import type { VerdictLog } from './verdict-log.js';

export interface FindingsBoardParts {
  readonly verdicts: VerdictLog;
  inquestOf(server: ServerId): Inquest | null;
  /** Why what could bring certainty is not done; null when that is not so. */
  restraintOf(server: ServerId): string | null;
}

export class FindingsBoard {
  readonly #parts: FindingsBoardParts;
  readonly #findings = new Map<ServerId, Finding>();

  constructor(parts: FindingsBoardParts) {
    this.#parts = parts;
  }

  get shown(): Findings {
    const problems: Problem[] = [];
    const structure = new Map<ServerId, readonly StructureCode[]>();
    for (const [id, finding] of this.#findings) {
      if (finding.problem !== null) problems.push(this.#withRestraint(finding.problem));
      if (finding.structure.length > 0) structure.set(id, finding.structure);
    }
    return { problems: problems.sort(byGravity), structure };
  }

  /**
   * What was found before stands while a recovery is at work on it, and while a suspicion is so young that its answers
   * are still on their way: half of them would tell of replicas that stopped below a primary that is well. True when
   * another problem is shown now than before.
   */
  take(server: Server, finding: Finding): boolean {
    const before = this.#findings.get(server.id);
    const inquest = this.#parts.inquestOf(server.id);
    const isEarly = inquest !== null && isStillAsked(inquest, finding);
    if (before !== undefined && (isEarly || inquest?.isPaused === true)) {
      if (isEarly) this.disarm(server.id);
      return false;
    }
    this.#findings.set(server.id, finding);
    this.#parts.verdicts.tell(server, finding, this.#parts.restraintOf(server.id));
    return before?.problem?.code !== finding.problem?.code;
  }

  /** It is shown on, and calls for nothing until it is found anew. */
  disarm(id: ServerId): void {
    const finding = this.#findings.get(id);
    if (finding?.problem == null || !callsForRecovery(finding.problem)) return;
    this.#findings.set(id, { ...finding, problem: { ...finding.problem, reaction: 'examine' } });
  }

  keepOnly(servers: ReadonlyMap<ServerId, unknown>): void {
    for (const id of this.#findings.keys()) if (!servers.has(id)) this.#findings.delete(id);
    this.#parts.verdicts.keepOnly(servers);
  }

  #withRestraint(problem: Problem): Problem {
    const restraint = this.#parts.restraintOf(problem.server);
    return restraint === null ? problem : { ...problem, because: [...problem.because, restraint] };
  }
}

function isStillAsked(inquest: Inquest, { problem, judgement }: Finding): boolean {
  const isYoung = judgement?.settled === false || inquest.ownOpinion === null;
  return isYoung && (problem === null || !concernsReach(problem.code));
}
