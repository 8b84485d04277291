/**
 * Would the primary's death be noticed? It needs a majority of the orchestrators and a replica that lost it: replicas whose
 * IO threads an operator stopped testify to nothing, and so a cluster of such replicas is never failed over by itself. One
 * that answers and cannot be read might still receive from it, so it is no death as long as that is so.
 */
import { majorityOf, votersWarning } from '../../analysis/votes.js';
import { addressText } from '../../topology/address.js';
import { mainChannel, type Server } from '../../topology/server.js';
import { refusal, type Refusal } from '../belief.js';
import type { Sights } from '../sights.js';

export interface Orchestrators {
  /** Configured. */
  readonly voters: number;
  /** Of those; null on a node that does not lead and so cannot tell. */
  readonly live: number | null;
}

export function deathRefusals(
  primary: Server,
  replicas: readonly Server[],
  sights: Sights,
  { voters, live }: Orchestrators,
): { readonly refusals: readonly Refusal[]; readonly warnings: readonly Refusal[] } {
  const warning = votersWarning(voters);
  return {
    refusals: [...tooFew(voters, live), ...noWitness(primary, replicas, sights)],
    warnings: warning === null ? [] : [refusal('voters', warning, 'run three nodes, or five')],
  };
}

function tooFew(voters: number, live: number | null): readonly Refusal[] {
  const majority = majorityOf(voters);
  if (live === null || live >= majority) return [];
  return [
    refusal(
      'few-voters',
      `${String(live)} of ${String(voters)} orchestrators answer, and ${String(majority)} must agree that a primary is dead`,
      'bring the others back',
    ),
  ];
}

function unreadable({ id, address }: Server, primary: string, sights: Sights): readonly Refusal[] {
  const { unread } = sights(id);
  if (unread === undefined) return [];
  const message = `${addressText(address)} answers and cannot be read, so nobody could tell whether it still receives from ${primary}: ${unread}`;
  const mend = `see to that; if ${primary} is dead for certain: orchestrator-client -c force-master-failover -i ${primary}`;
  return [refusal('no-witness', message, mend)];
}

function noWitness(primary: Server, replicas: readonly Server[], sights: Sights): readonly Refusal[] {
  if (replicas.length === 0) return [];
  const name = addressText(primary.address);
  const answering = replicas.filter(({ id }) => sights(id).answers);
  const unread = replicas.flatMap((replica) => unreadable(replica, name, sights));
  if (unread.length > 0) return unread;
  if (answering.length === 0) {
    const message = `no replica of ${name} answers, so none could tell that it is dead`;
    return [refusal('no-witness', message, 'bring one of them back')];
  }
  const listening = answering.filter(({ facts }) => {
    const channel = mainChannel(facts);
    return channel !== null && (channel.ioThread !== 'stopped' || channel.ioError !== null);
  });
  if (listening.length > 0) return [];
  return [
    refusal(
      'no-witness',
      `the IO threads of all replicas of ${name} that answer are stopped, so none could tell that it is dead`,
      'start replication on one of them',
    ),
  ];
}
