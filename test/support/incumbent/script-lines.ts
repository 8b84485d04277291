/**
 * Every command of the script, as somebody types it, and what it has to print; placeholders as in calls.ts, `{a}`, `{b}` and
 * `{m}` being `host:port` of the two replicas and of the primary. After `=>` stands a pattern for the whole of it, `=>!` is
 * exit code 1 with a pattern for standard error.
 */
export const SCRIPT_LINES = String.raw`
help => Usage
which-api => http://.*/api\n
api -P clusters-info => \[\{"ClusterName":"{m}".*\}\]\n
discover -i {a} => {a}\n
async-discover -i {a} => :null\n
topology -i {m} => {m} .*\n\+ {any} .*\n\+ {any} .*\n
topology-tabulated -i {m} => {m} *\|.*\n\+ {any} *\|.*\n\+ {any} *\|.*\n
topology-tags -i {a} => {m} .*\]\n\+ {any} .*\]\n\+ {any} .*\]\n
snapshot-topologies => Took .*\n
clusters => {m}\n
clusters-alias => {m},.*\n
search -i 127.0.0 => {any}\n{any}\n{any}\n
instance -i {a} => {a}\n
which-instance -i {a} => {a}\n
which-master -i {a} => {m}\n
which-master -i {m} => :0\n
which-replicas -i {m} => {any}\n{any}\n
which-slaves -i {m} => {any}\n{any}\n
which-broken-replicas -i {m} =>
which-cluster-instances -i {a} => {any}\n{any}\n{any}\n
which-cluster -i {a} => {m}\n
which-cluster-alias -i {a} => .+\n
which-cluster-master -i {a} => {m}\n
all-clusters-masters => {m}\n
all-instances => {any}\n{any}\n{any}\n
which-cluster-osc-replicas -i {a} => ({any}\n)+
which-cluster-osc-running-replicas -i {a} => ({any}\n)+
downtimed =>
dominant-dc => \n
submit-masters-to-kv-stores => mysql/master/.*:{m}\n.*/hostname:127.0.0.1\n.*/port:\d+\n.*\n.*\n
tag -i {a} -t role=reader => {a}\n
tags -i {a} => role=reader\n
tag-value -i {a} -t role => reader\n
tagged -t role=reader => {a}\n
tagged -t role,~other => {a}\n
untag -i {a} -t role => {a}\n
untag-all -t role=reader =>
tag-value -i {a} -t role =>! tag role not found for {a}\n
submit-pool-instances -l readers -i {a},{b} => readers\n
which-heuristic-cluster-pool-instances -i {m} -l readers => {any}\n{any}\n
which-heuristic-cluster-pool-instances -i {m} => {any}\n{any}\n
begin-downtime -i {a} -o ann -r a+disk -u 10m => {a}\n
downtimed -i {m} => {a}\n
end-downtime -i {a} => {a}\n
begin-maintenance -i {a} -o ann -r a+disk => {a}\n
end-maintenance -i {a} => {a}\n
register-candidate -i {a} -R prefer => {a}\n
register-hostname-unresolve -i {a} -H db-vip => {a}\n
deregister-hostname-unresolve -i {a} => {a}\n
disable-global-recoveries => disabled\n
enable-global-recoveries => enabled\n
check-global-recoveries => enabled\n
replication-analysis => (.* \(cluster {m}\): \w+\n)*
which-gtid-errant -i {a} => \n
locate-gtid-errant -i {a} =>! .*\n
can-replicate-from -i {a} -d {m} => {m}\n
can-replicate-from-gtid -i {a} -d {m} => {m}\n
is-replicating -i {a} => {a}\n
is-replication-stopped -i {a} =>
stop-replica -i {a} => {a}\n
start-slave -i {a} => {a}\n
stop-replica-nice -i {a} => {a}\n
start-replica -i {a} => {a}\n
restart-replica -i {a} => {a}\n
restart-replica-statements -i {a} -q flush+logs => \[".*;"\]\n
detach-replica -i {a} => {a}\n
reattach-replica -i {a} => {a}\n
detach-replica-master-host -i {a} => {a}\n
reattach-replica-master-host -i {a} => {a}\n
change-master-credentials -i {a} => {a}\n
start-replica -i {a} => {a}\n
delay-replication -i {a} -S 0 => 0\n
enable-semi-sync-replica -i {a} => {a}\n
disable-semi-sync-replica -i {a} => {a}\n
enable-semi-sync-master -i {a} => {a}\n
disable-semi-sync-master -i {a} => {a}\n
set-read-only -i {a} => {a}\n
set-writeable -i {m} => {m}\n
flush-binary-logs -i {m} => {m}\n
purge-binary-logs -i {m} -n {log} => {m}\n
skip-query -i {a} =>! .*\n
gtid-errant-reset-master -i {a} =>! .*\n
gtid-errant-inject-empty -i {a} =>! .*\n
last-pseudo-gtid -i {a} =>! .*\n
match -i {a} -d {b} =>! .*not supported yet\n
match-up -i {a} =>! .*not supported yet\n
match-up-replicas -i {a} =>! .*not supported yet\n
settle
relocate -i {a} -d {b} => {a}<{b}\n
move-up -i {a} => {a}<{m}\n
move-below -i {a} -d {b} => {a}<{b}\n
move-up-replicas -i {b} => {a}\n
move-equivalent -i {a} -d {b} => {a}<{b}\n
move-gtid -i {a} -d {m} => {a}<{m}\n
repoint -i {a} -d {m} => {a}<{m}\n
repoint-replicas -i {m} => {any}\n{any}\n
relocate-replicas -i {m} -d {b} => {a}\n
move-replicas-gtid -i {b} -d {m} => {a}\n
take-siblings -i {a} => {a}<{m}\n
take-master -i {b} => {b}<{m}\n
settle
make-co-master -i {a} => {a}<{m}\n
settle
reset-replica -i {a} => {a}\n
settle
recover -i {m} =>! .*\n
graceful-master-takeover -i {m} =>! GracefulMasterTakeover: target instance not indicated.*\n
graceful-master-takeover -i {m} -d {a} => {a}\n
settle
graceful-master-takeover-auto -i {m} => {any}\n
settle
force-master-failover -i {m} => {any}\n
settle
force-master-takeover -i {m} -d {a} => {a}\n
settle
ack-cluster-recoveries -i {m} -r seen+it => {m}\n
ack-all-recoveries -r seen+it => seen\n
raft-leader => 127.0.0.1:\d+\n
raft-health => healthy\n
raft-leader-hostname => .+\n
raft-elect-leader -H 127.0.0.1 => 127.0.0.1\n
enslave-siblings -i {a} =>! Unsupported command enslave-siblings
forget -i {b} =>
forget-cluster -i {m} =>
`
  .trim()
  .split('\n');
