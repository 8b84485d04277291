/** The help of `orchestrator raft`, a text for each of its commands. docs/membership.md has the recipes. */

const WHERE = `Asked is the node at --api URL (several with commas), else ORCHESTRATOR_API, else the one that the file of --config
describes, else http://localhost:3000; any node will do. ORCHESTRATOR_AUTH_USER and ORCHESTRATOR_AUTH_PASSWORD are sent
where they are set; ORCHESTRATOR_TLS_CA, _CERT and _KEY name files for https. --json prints the answer for programs.

Exit codes: 0 done; 1 refused or failed, the reason says what to do; 2 called in a wrong way; 3 not done within --timeout.
`;

const GROW = `The new node must run: a configuration with "RaftEnabled": true, "RaftJoin": true, its own RaftAdvertise, and RaftNodes
naming at least one member. It becomes a learner, is brought up to date, and then a voter. The command shows how far it is,
and goes on from there when it is called again.
`;

const TOPICS: Readonly<Record<string, string>> = {
  raft: `orchestrator raft COMMAND: the nodes of the cluster themselves

  orchestrator raft status                      who takes part, who leads, how far each is
  orchestrator raft add [ID@]HOST:PORT          take a new node in
  orchestrator raft promote ID                  make a voter of a learner
  orchestrator raft remove ID                   leave a node out, dead or alive
  orchestrator raft replace OLD [ID@]HOST:PORT  a new node in the place of another
  orchestrator raft transfer [ID]               let another node lead
  orchestrator raft snapshot                    cut the log of the asked node now
  orchestrator raft recover                     offline: make this node the only voter of a cluster that lost its majority

"orchestrator raft COMMAND --help" has examples. ${WHERE}`,
  'raft status': `orchestrator raft status [--json]

Shows the members with their role, whether they vote, their address, how much of the log they hold, when the leader last
heard of them, and their version; and what is wrong with them. Exits with 1 when no leader is known.

  orchestrator raft status
  orchestrator raft status --json | jq '.members[] | select(.trouble)'
  orchestrator raft status --api http://node2:3000

${WHERE}`,
  'raft add': `orchestrator raft add [ID@]HOST:PORT [--learner] [--timeout SECONDS]

Takes the node that answers at HOST:PORT (its Raft port) into the cluster. With ID it must be that one.
${GROW}
  --learner               leave it a learner: it follows the log and has no vote
  --timeout SECONDS       give up waiting after this long (600)
  --despite-dead-voters   even if there is then no majority of voters that answer

  orchestrator raft add node4:10008
  orchestrator raft add node4:10008@10.0.0.4:10008
  orchestrator raft add node5:10008 --learner

${WHERE}`,
  'raft promote': `orchestrator raft promote ID

Makes a voter of a learner that is up to date, answers, and gives its vote.

  orchestrator raft promote node5:10008

${WHERE}`,
  'raft remove': `orchestrator raft remove ID

Leaves a node out, whether it runs or not. Its process goes on answering reads from what it knew, says that it was removed,
and can be stopped. A leader that is to go hands leadership over first. Refused where no majority of the remaining voters
answers, because the cluster would then stand still.

  --despite-dead-voters   all the same

  orchestrator raft remove node3:10008

${WHERE}`,
  'raft replace': `orchestrator raft replace OLD [ID@]HOST:PORT [--timeout SECONDS]

Takes a new node in and leaves OLD out, in one step once the new one is up to date, so that the cluster is never smaller.
${GROW}
  orchestrator raft replace node3:10008 node4:10008

${WHERE}`,
  'raft transfer': `orchestrator raft transfer [ID]

Hands leadership to a voter: to ID, or to the one that holds most of the log. A leader that is stopped does so by itself.

  orchestrator raft transfer
  orchestrator raft transfer node2:10008

${WHERE}`,
  'raft snapshot': `orchestrator raft snapshot

Writes a snapshot on the node that is asked and cuts its log. Nodes do so by themselves; before a backup it makes the log small.

  orchestrator raft snapshot --api http://node2:3000

${WHERE}`,
  'raft recover': `orchestrator --config FILE raft recover --as-only-voter --accept-data-loss

For a cluster that has lost its majority FOR GOOD, and for nothing else. Offline: on a node that is STOPPED, it makes this
node the only voter of a new cluster that has the old one's log, as far as this node holds it.

WHAT IS LOST: everything that the others acknowledged and this node does not hold. What this node holds and nobody
acknowledged becomes true. The other nodes must never run again on their old data: a majority of them that came back
would be a second cluster with the same MySQL servers in its care. They are refused by this one, with the reason; empty their
RaftDataDir, set RaftJoin, and take them in again with "orchestrator raft add".

Choose the survivor that holds most: "orchestrator raft recover --config FILE" without further options changes nothing and says
what this node holds, its last entry and term. The one with the highest term, then with the highest entry, has most.

  orchestrator --config /etc/orchestrator.conf.json raft recover
  orchestrator --config /etc/orchestrator.conf.json raft recover --as-only-voter --accept-data-loss

Exit codes: 0 done, or only looked; 1 it could not be done; 2 called in a wrong way.
`,
};

export function raftHelp(topic: string): string | null {
  return TOPICS[topic] ?? null;
}
