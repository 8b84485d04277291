/**
 * From evidence to a named problem, or none. Each server has at most one: what follows from a graver problem is not told
 * beside it. Warnings about structure stand apart, as in the incumbent, and do not hide problems.
 */
import { CATALOGUE, STRUCTURE_CATALOGUE } from './catalogue.js';
import type { Evidence } from './evidence.js';
import { isGroupMember } from '../topology/server.js';
import { GROUP_MEMBER } from './problems/group-member.js';
import type { AnalysisCode, Problem, StructureCode } from './problem.js';
import type { Rule } from './rule.js';
import { counted, joinWords } from './words.js';

export function diagnose(evidence: Evidence): Problem | null {
  const rules = isGroupMember(evidence.facts) ? GROUP_MEMBER : CATALOGUE;
  const rule = rules.find((one) => one.matches(evidence));
  return rule === undefined ? null : problemOf(rule, evidence, reasons(evidence));
}

export function structureWarnings(evidence: Evidence): readonly StructureCode[] {
  // A leaf has no structure below it; most servers of a large installation are leaves.
  if (evidence.replicas.known === 0 && !evidence.isPrimary) return [];
  return STRUCTURE_CATALOGUE.filter((rule) => rule.matches(evidence)).map((rule) => rule.code);
}

/** A finding that somebody else made (the leader, who collects the votes), told here under the same name. */
export function problemByCode(code: string, evidence: Evidence, because: readonly string[]): Problem | null {
  const rule = CATALOGUE.find((one) => one.code === code);
  return rule === undefined ? null : problemOf(rule, evidence, because);
}

/** Is the code about a server that cannot be reached? These are what an inquiry is held for, and what makes an incident. */
export function concernsReach(code: AnalysisCode): boolean {
  return /^(Dead|Unreachable)/.test(code);
}

const SEVERITY: readonly Problem['severity'][] = ['critical', 'warning', 'notice'];

/** Gravest first; among equals in the order of the catalogue, then by server, so that the same findings read the same. */
export function byGravity(one: Problem, other: Problem): number {
  return (
    SEVERITY.indexOf(one.severity) - SEVERITY.indexOf(other.severity) ||
    rankOf(one) - rankOf(other) ||
    (one.server < other.server ? -1 : Number(one.server > other.server))
  );
}

function rankOf(problem: Problem): number {
  return CATALOGUE.findIndex((rule) => rule.code === problem.code);
}

function problemOf(rule: Rule, { server }: Evidence, because: readonly string[]): Problem {
  return {
    server: server.id,
    clusterId: server.clusterId,
    code: rule.code,
    description: rule.sentence,
    severity: rule.severity,
    reaction: rule.reaction,
    because,
  };
}

const REACH_WORDS: Readonly<Record<Evidence['reach'], string>> = {
  reachable: 'this node reaches it',
  answering: 'it answers this node but cannot be read',
  unreachable: 'this node cannot reach it',
  unknown: 'this node has not looked at it lately',
};

function reasons(evidence: Evidence): readonly string[] {
  if (evidence.judgement !== null) return evidence.judgement.because;
  const { replicas } = evidence;
  const reach = reachWords(evidence);
  if (replicas.known === 0) return [reach];
  const parts = [
    counted(replicas.known, 'replica'),
    `${replicas.valid} read`,
    `${replicas.replicating} replicating`,
    ...(replicas.dead > 0 ? [`${replicas.dead} unreachable`] : []),
    ...(replicas.failingToConnect > 0 ? [`${replicas.failingToConnect} failing to connect`] : []),
    ...(replicas.lagging > 0 ? [`${replicas.lagging} lagging`] : []),
  ];
  return [reach, joinWords(parts)];
}

function reachWords({ reach, error }: Evidence): string {
  return reach === 'answering' && error !== null ? `${REACH_WORDS.answering}: ${error}` : REACH_WORDS[reach];
}
