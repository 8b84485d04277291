/** One row of the catalogue: a name, the incumbent's sentence, and the condition under which both are true. */
import type { Evidence } from './evidence.js';
import type { AnalysisCode, Problem, Reaction, StructureCode } from './problem.js';

export interface Rule {
  readonly code: AnalysisCode;
  readonly sentence: string;
  readonly severity: Problem['severity'];
  readonly reaction: Reaction;
  readonly matches: (evidence: Evidence) => boolean;
}

/** Nothing is done about a structure: nothing is wrong now, and how a topology is built is its operators' choice. */
export interface StructureRule {
  readonly code: StructureCode;
  /** What it means for a failover; the incumbent has the codes alone. */
  readonly sentence: string;
  readonly severity: Problem['severity'];
  readonly matches: (evidence: Evidence) => boolean;
}

/**
 * Cannot be reached, as far as this node may say so: by its own eyes, or because the nodes agree. A suspicion that is
 * not yet settled is not told.
 */
export function isOutOfReach({ judgement, reach }: Evidence): boolean {
  if (judgement === null) return reach === 'unreachable';
  if (judgement.nodes.verdict === 'unreachable') return true;
  return judgement.settled && (reach === 'unreachable' || judgement.nodes.verdict === 'waiting');
}

/** Every replica is seen, one way or the other, and none replicates. */
export function noneReplicates({ replicas }: Evidence): boolean {
  const seen = replicas.valid + replicas.dead + replicas.unreadable;
  return replicas.known > 0 && seen === replicas.known && replicas.replicating === 0;
}

/** MySQL answers this node, and could not be read: alone no problem of its own, and never death. */
export function answersButFeedsNobody({ reach, replicas }: Evidence): boolean {
  return reach === 'answering' && replicas.failingToConnect > 0 && replicas.replicating > 0;
}

export function allLag({ replicas }: Evidence): boolean {
  return (
    replicas.known > 0 &&
    replicas.lagging === replicas.known &&
    replicas.delayed < replicas.known &&
    replicas.replicating > 0
  );
}
