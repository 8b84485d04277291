/** Election safety (Raft paper, figure 3): at most one leader in a term. And no node votes twice in one. */
import type { Check } from '../observer.js';
import { Violation } from '../observer.js';

export function electionSafety(): Check {
  const leaders = new Map<number, string>();
  const votes = new Map<string, string>();
  return {
    leads(server, term) {
      const known = leaders.get(term) ?? server.id;
      if (known !== server.id) throw new Violation(`election safety: ${known} and ${server.id} both lead term ${term}`);
      leaders.set(term, server.id);
    },
    sent(server, message) {
      if (message.type !== 'vote-response' || message.preVote || !message.granted) return;
      const key = `${server.id} in term ${message.term}`;
      const known = votes.get(key) ?? message.to;
      if (known !== message.to) throw new Violation(`one vote a term: ${key} votes for ${known} and for ${message.to}`);
      votes.set(key, message.to);
    },
  };
}
