/** What was applied, in the node's log. */
import type { Applied } from '../../core/ledger/ledger.js';
import type { Log } from '../log.js';

/** `startedAtMs`: wall clock at which this node began. */
export function tellFacts(log: Log, applied: readonly Applied[], startedAtMs: number): void {
  for (const { facts, command } of applied) {
    // What a start plays again from the log is no news: nobody shall be paged for last week's dead primary.
    const level = command !== null && command.atMs < startedAtMs ? 'debug' : 'info';
    for (const fact of facts) log[level]({ fact: fact.kind }, fact.text);
  }
}
