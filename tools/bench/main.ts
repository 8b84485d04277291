// scripts/bench: measurements, which are no tests: what they say depends on the machine and on what else it does.
import { failoverBench } from './failover.js';

/** Each takes the words after its name, and answers false when it does not understand them. */
const BENCHES: Readonly<Record<string, (words: readonly string[]) => Promise<boolean>>> = {
  failover: failoverBench,
};

const USAGE = `scripts/bench failover [kill|pause|both] [ROUNDS]   the write outage when the primary fails
`;

const [name = '', ...words] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench === undefined || !(await bench(words))) {
  process.stdout.write(USAGE);
  process.exit(2);
}
