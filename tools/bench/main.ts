// scripts/bench: measurements, which are no tests: what they say depends on the machine and on what else it does.
import { detectionBench } from './detection/detection-bench.js';
import { discoveryBench } from './discovery/discovery-bench.js';
import { failoverBench } from './failover/failover-bench.js';
import { httpBench } from './http/http-bench.js';
import { raftBenchByWords } from './raft/raft-bench.js';
import { relocateBench } from './relocate/relocate-bench.js';

/** Each takes the words after its name, and answers false when it does not understand them. */
const BENCHES: Readonly<Record<string, (words: readonly string[]) => Promise<boolean>>> = {
  detection: detectionBench,
  discovery: discoveryBench,
  failover: failoverBench,
  http: httpBench,
  raft: raftBenchByWords,
  relocate: relocateBench,
};

const USAGE = `scripts/bench failover [ROW ...] [--rounds N]
                                                    the write outage of a client when the primary is struck (kill, pause,
                                                    drop), together with the leader (both, late), moved (graceful), or
                                                    twenty at once (twenty; BENCH_FLAVOR=mysql56, mariadb, mysql97): N
                                                    rounds of each (20), a line of JSON each and a table
scripts/bench failover alone [ROUNDS]               whether there ever are two servers that acknowledge a write, under
                                                    the policy cross-zone, the primary frozen and cut off
scripts/bench failover fence [frozen|restarted|cut] [ROUNDS]
                                                    a replaced primary is back, open: its last acknowledged write
scripts/bench detection [PART ...] [--rounds N]     from a blow to the primary until the cluster says that it is dead:
                                                    kill, pause, drop; false alarms: cut-off, io-threads, restart,
                                                    slow, paused-node, ailing-replicas; thousand: the diagnosis
                                                    of a thousand servers. N rounds of each (20)
scripts/bench relocate [--rounds N] [--replicas N] [--flavour NAME]
                                                    N replicas (19) go below a sibling and back, N rounds (5), under
                                                    writes: how long it takes, and how long one of them stands
                                                    (mysql56, then mariadb; or the one that is named, mysql97 too)
scripts/bench relocate takeover [--rounds N]        a takeover without GTID under writes (mysql56, mysql97): for how long
                                                    nobody takes any, and whether every row is on every server
scripts/bench raft [--seconds N] [--rounds N] [--writes N]
                                                    the replicated log: throughput (N seconds each, 10 unless told
                                                    otherwise), blows to the leader (of each kind, 20), memory over
                                                    N writes (1000000; 0: not measured)
scripts/bench discovery [PART ...] [--warm-up N] [--seconds N]
                                                    seeing servers: mysql56, mysql97, mariadb (one probe of a real
                                                    server), seeds (from five to a hundred), hundred, thousand
                                                    (simulated servers on three nodes), many (10000; not unless named);
                                                    N seconds of warm-up (60) and of measurement (20)
scripts/bench discovery --servers N [--nodes N] [--poll N]
                                                    any number of simulated servers, polled every N seconds (1)
scripts/bench http [reading] [failover] [--seconds N]
                                                    answers to wrk by the leader and by a follower, N seconds for each
                                                    question (10), and while a primary is replaced
`;

const [name = '', ...words] = process.argv.slice(2);
const bench = BENCHES[name];
if (process.argv.some((word) => word === '--help' || word === '-h')) {
  process.stdout.write(USAGE);
} else if (bench === undefined || !(await bench(words))) {
  process.stdout.write(USAGE);
  process.exit(2);
}
