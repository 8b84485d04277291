/** The help, as it is printed. */
import { dashed } from './arguments.js';
import { OPTIONS } from './options.js';
import { raftHelp } from './raft-help.js';

const TOPICS: Readonly<Record<string, string>> = {
  http: `orchestrator [--config FILE] http

Runs a node: it watches the MySQL servers it is told of and those it finds from them, serves the web page, the HTTP API
and the gRPC API, and recovers what the configuration allows it to recover. It runs until it gets SIGTERM or SIGINT, and
then stops in order; a second signal ends it at once.
`,
  config: `orchestrator config check [FILE]

Reads the file as a node would, and prints every wrong setting with what is allowed. Without FILE it reads the files that
a node reads when it is given none. Exits with 0 when a node would start with it, and with 1 when it would not.
`,
  import: `orchestrator import --from http[s]://[USER:PASSWORD@]OLD:3000 [--api URL] [--noop]

Tells this cluster what operators told the old orchestrator: its servers are discovered, and downtimes with the time that is
left of them, tags, promotion rules, names for replicas, aliases of clusters and pools are carried over. What is so already
is left alone, so it can be run again up to the moment of the change. The old one is only read. --noop says what would be
carried over. URL is that of a node of ours (ORCHESTRATOR_API, else http://localhost:3000); ORCHESTRATOR_AUTH_USER and
ORCHESTRATOR_AUTH_PASSWORD are for it, ORCHESTRATOR_FROM_USER and ORCHESTRATOR_FROM_PASSWORD for the old one, which shows
promotion rules and pools only to those who may change something. For https, ORCHESTRATOR_TLS_CA, _CERT, _KEY (files) and
_INSECURE=1 are for the new one, ORCHESTRATOR_FROM_TLS_CA and its kin for the old one. Behind AuthenticationMethod proxy
ORCHESTRATOR_AUTH_USER_HEADER and ORCHESTRATOR_FROM_USER_HEADER say who asks, as X-Forwarded-User:ann. Exits with 0 when
all is carried over, with 1 when anything is not, and with 3 when that is only what was said of servers at which nobody answers:
those are named as unreachable.
docs/moving-from-orchestrator.md tells the whole way.
`,
  completion: `orchestrator completion bash | zsh

Prints what a shell needs to complete commands, options, and the names of servers and clusters, which the running cluster
is asked for (ORCHESTRATOR_API, or --api on the line; 0.7 s at most).

  source <(orchestrator completion bash)
  orchestrator completion bash > /etc/bash_completion.d/orchestrator
  orchestrator completion zsh > /usr/local/share/zsh/site-functions/_orchestrator
`,
  grants: `orchestrator [--config FILE] grants [--version V]

Prints the statements that create the account MySQLTopologyUser with what it needs on every server, and what each is for.
V is the version of the servers: 5.6, 5.7, 8.0, 9.7, 10.11 (MariaDB), mariadb-10.6, percona-8.0. Without it: MySQL 8.0 and
later.
`,
};

export function helpText(topic: string | null): string {
  const text = topic === null ? undefined : (raftHelp(topic) ?? TOPICS[topic]);
  return text ?? generalHelp();
}

function generalHelp(): string {
  const options = OPTIONS.flatMap(({ name, meaning }) =>
    meaning === undefined ? [] : [`  ${dashed(name).padEnd(16)}${meaning}`],
  );
  return `orchestrator watches MySQL replication and replaces a primary that dies.

  orchestrator [options] http           run a node
  orchestrator config check [FILE]      find the mistakes in a configuration file
  orchestrator grants [--version V]     print what the MySQL account needs
  orchestrator import --from URL        take over what operators told another orchestrator
  orchestrator raft COMMAND             show and change the nodes of the cluster themselves
  orchestrator -c COMMAND [options]     ask the running cluster, as orchestrator-client does; -c help lists all commands
  orchestrator completion bash | zsh    print what completes these words in a shell
  orchestrator version | help [TOPIC]

Options, with one dash or two:
${options.join('\n')}

Examples:
  orchestrator --config /etc/orchestrator.conf.json http
  orchestrator config check orchestrator.conf.json
  orchestrator grants > grants.sql
  orchestrator -c topology --alias shop
  LOG_FORMAT=text orchestrator http | less

Without --config these files are read, each overriding those before it: /etc/orchestrator.conf.json,
conf/orchestrator.conf.json, orchestrator.conf.json. LOG_FORMAT is json or text; by default a terminal gets text.
-c COMMAND asks the nodes at --api or ORCHESTRATOR_API, else the one that --config describes, else http://localhost:3000.

Exit codes: 0 done, 1 failed, 2 called in a wrong way.
`;
}
