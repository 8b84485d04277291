/**
 * Election safety (Raft paper, figure 3): at most one leader in a term. And no node votes twice in one, as long as it has its
 * disk: a node that lost it cannot know, and waits until a vote that it forgot counts for nobody (recovering-voter.ts).
 */
import type { Check } from '../observer.js';
import type { Server } from '../server.js';
import { Violation } from '../observer.js';

export function electionSafety(): Check<Server> {
  const leaders = new Map<number, string>();
  const votes = new Map<string, string>();
  return {
    leads(server, term) {
      const known = leaders.get(term) ?? server.id;
      if (known !== server.id) throw new Violation(`election safety: ${known} and ${server.id} both lead term ${term}`);
      leaders.set(term, server.id);
    },
    sent(server, message) {
      // To ask for votes is to have voted for oneself.
      const isVote = message.type === 'vote-response' && message.granted;
      if (!isVote && message.type !== 'vote-request') return;
      if (message.preVote) return;
      const choice = isVote ? message.to : server.id;
      const key = `${server.id} (disk ${server.disk.generation}) in term ${message.term}`;
      const known = votes.get(key) ?? choice;
      if (known !== choice) throw new Violation(`one vote a term: ${key} votes for ${known} and for ${choice}`);
      votes.set(key, choice);
    },
  };
}
