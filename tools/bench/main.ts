// scripts/bench: measurements, which are no tests: what they say depends on the machine and on what else it does.
import { failoverBench } from './failover.js';
import { raftBenchByWords } from './raft/raft-bench.js';

/** Each takes the words after its name, and answers false when it does not understand them. */
const BENCHES: Readonly<Record<string, (words: readonly string[]) => Promise<boolean>>> = {
  failover: failoverBench,
  raft: raftBenchByWords,
};

const USAGE = `scripts/bench failover [kill|pause|both] [ROUNDS]   the write outage when the primary fails
scripts/bench raft [--seconds N] [--rounds N] [--writes N]
                                                    the replicated log: throughput (N seconds each, 10 unless told
                                                    otherwise), blows to the leader (of each kind, 20), memory over
                                                    N writes (1000000; 0: not measured)
`;

const [name = '', ...words] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench === undefined || !(await bench(words))) {
  process.stdout.write(USAGE);
  process.exit(2);
}
