/**
 * Do the nodes agree that a server is gone? All *configured* voters count in the majority: a node that was not heard
 * takes the majority away from the others, it never lends it to them. One node decides by its own vote; of two nodes
 * both must agree, so the loss of one node stops automatic recovery until it is back.
 */
import type { JudgementLimits } from './limits.js';
import { joinWords, seconds } from './words.js';
import type { NodeOpinion } from './vote.js';

/** `sinceMs`: nobody is known to have had a sign of life after it. Opinions formed earlier say nothing about now. */
export interface Window {
  readonly sinceMs: number;
  readonly nowMs: number;
}

/**
 * alive: somebody had a fresh answer. unreachable: a majority agrees, and for long enough. waiting: a majority agrees, the
 * time limit has not passed. divided: no majority, because others have no opinion or were not heard.
 */
export type NodesVerdict = 'alive' | 'unreachable' | 'waiting' | 'divided';

export interface NodeTally {
  readonly verdict: NodesVerdict;
  readonly voters: number;
  readonly majority: number;
  readonly refused: readonly string[];
  readonly silent: readonly string[];
  readonly alive: readonly string[];
  /** Voters without a fresh opinion, and those who said that they have none. */
  readonly mute: readonly string[];
  /** When the limit that is waited for will have passed; null when it is not time that is missing. */
  readonly dueAtMs: number | null;
  readonly words: string;
}

export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

export function tallyNodes(
  voters: readonly string[],
  opinions: Iterable<NodeOpinion>,
  window: Window,
  limits: JudgementLimits,
): NodeTally {
  const fresh = new Map<string, NodeOpinion>();
  for (const opinion of opinions) {
    if (isFresh(opinion, window, limits)) fresh.set(opinion.node, opinion);
  }
  const voted = (vote: string): string[] => voters.filter((voter) => fresh.get(voter)?.vote === vote);
  const refused = voted('refused');
  const silent = voted('silent');
  // A node that has no vote may still have eyes: whoever reaches the server proves that it lives.
  const alive = [...fresh.values()].filter((opinion) => opinion.vote === 'alive').map((opinion) => opinion.node);
  const mute = voters.filter((voter) => !refused.includes(voter) && !silent.includes(voter) && !alive.includes(voter));
  const majority = majorityOf(voters.length);
  const counts = { refused, silent, alive, mute, voters: voters.length, majority };
  const verdict = decide(counts, window, limits);
  const dueAtMs = verdict === 'waiting' ? window.sinceMs + limitOf(counts, limits) : null;
  return { ...counts, verdict, dueAtMs, words: describe(counts, verdict, window, limits) };
}

type Counts = Omit<NodeTally, 'verdict' | 'dueAtMs' | 'words'>;

function isFresh(opinion: NodeOpinion, window: Window, limits: JudgementLimits): boolean {
  if (window.nowMs - opinion.atMs > limits.opinionLifeMs) return false;
  // Who reached it stays a witness of life when somebody else had a later sign of it.
  return opinion.vote === 'alive' || opinion.atMs >= window.sinceMs;
}

function decide(counts: Counts, window: Window, limits: JudgementLimits): NodesVerdict {
  const { refused, silent, alive, majority, voters } = counts;
  const elapsedMs = window.nowMs - window.sinceMs;
  if (alive.length > 0) return 'alive';
  if (voters === 0 || refused.length + silent.length < majority) return 'divided';
  return elapsedMs >= limitOf(counts, limits) ? 'unreachable' : 'waiting';
}

/** Only a majority that was refused is hard evidence; one refusal among silences is a host that is half gone. */
function limitOf({ refused, majority }: Counts, limits: JudgementLimits): number {
  return refused.length >= majority ? limits.refusalMs : limits.silenceMs;
}

function describe(counts: Counts, verdict: NodesVerdict, window: Window, limits: JudgementLimits): string {
  const { refused, silent, alive, mute, voters, majority } = counts;
  const parts = [
    ...(refused.length > 0 ? [`${joinWords(refused)} refused`] : []),
    ...(silent.length > 0 ? [`${joinWords(silent)} without an answer`] : []),
    ...(alive.length > 0 ? [`${joinWords(alive)} answered`] : []),
    ...(mute.length > 0 ? [`${joinWords(mute)} no opinion`] : []),
  ];
  const count = refused.length + silent.length;
  const head = `${count} of ${voters} nodes cannot reach it (${parts.join('; ')})`;
  if (verdict === 'divided') return `${head}; ${majority} must agree`;
  if (verdict !== 'waiting') return head;
  return `${head}; silent for ${seconds(window.nowMs - window.sinceMs)}, the limit is ${seconds(limitOf(counts, limits))}`;
}

/** What a person should know at the start about how this cluster of ours decides; null when there is nothing unusual. */
export function votersWarning(voters: number): string | null {
  if (voters === 1)
    return 'a cluster of one node decides by its own view alone: a fault of its network looks like a dead primary';
  if (voters === 2)
    return 'a cluster of two nodes acts only when both agree: without one of them nothing is recovered automatically';
  return voters % 2 === 0
    ? `a cluster of ${voters} nodes needs ${majorityOf(voters)} that agree; ${voters - 1} nodes would bear as many losses`
    : null;
}
