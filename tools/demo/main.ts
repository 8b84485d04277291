// scripts/demo: one primary and three replicas of real MySQL, three nodes of the orchestrator, a client that writes, and
// faults. What is said to be true was looked at on the servers themselves; the exit code is 0 only if all of it was.
import { MySqlLab } from '../lab/mysql-lab.js';
import { leaderDies } from './leader-dies.js';
import { nodeReturns } from './node-returns.js';
import { type Options, parseOptions, USAGE } from './options.js';
import { primaryDies } from './primary-dies.js';
import { primaryReturns } from './primary-returns.js';
import { type DemoSet, setUp, topologyText } from './set.js';
import { Voice } from './voice.js';

async function play(set: DemoSet, { fault }: Options, voice: Voice): Promise<void> {
  const { primary } = set.topology;
  voice.show(await topologyText(set, primary));
  if (fault === 'leader') {
    set.writer.start();
    voice.title("The orchestrator's leader dies");
    await leaderDies(set, voice);
  } else {
    voice.title(fault === 'pause' ? 'The primary falls silent' : 'The primary dies');
    const successor = await primaryDies(set, fault, voice);
    if (fault !== 'both') {
      voice.title("The orchestrator's leader dies");
      await leaderDies(set, voice);
    }
    voice.title('The old primary comes back');
    await primaryReturns(set, fault, successor, voice);
  }
  voice.title('The killed node comes back');
  await nodeReturns(set, voice);
  await set.writer.stop();
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    const alive = setInterval(() => undefined, 60_000);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(alive);
        resolve();
      });
    }
  });
}

async function keepUp(set: DemoSet, voice: Voice): Promise<void> {
  const interrupted = untilInterrupted();
  const api = set.cluster.running.map((node) => `${node.url}/api`).join(' ');
  const server = set.topology.replicas[0]?.address ?? '';
  voice.title('Everything is left up until Ctrl-C');
  voice.show(`the page      ${set.cluster.running.map(({ url }) => url).join('  ')}
the servers   ${set.topology.servers.map(({ address }) => address).join('  ')}
the logs      ${set.lab.directory}

export ORCHESTRATOR_API="${api}"
scripts/orchestrator-client -c clusters
scripts/orchestrator-client -c topology -i ${server}
scripts/orchestrator-client -c replication-analysis
scripts/orchestrator-client -c graceful-master-takeover-auto -i ${server} -d ${server}`);
  await interrupted;
}

async function run(options: Options): Promise<boolean> {
  const voice = new Voice((text) => process.stdout.write(text));
  const lab = await MySqlLab.open();
  let set: DemoSet | undefined;
  try {
    voice.title('A topology and three nodes that watch it');
    set = await setUp(lab, voice);
    await play(set, options, voice);
    voice.summary();
    if (options.keep) await keepUp(set, voice);
    return voice.allTrue;
  } catch (error) {
    voice.claim(false, error instanceof Error ? error.message : String(error));
    for (const node of set?.cluster.nodes ?? [])
      voice.show(`${node.name}\n${node.log().split('\n').slice(-30).join('\n')}`);
    voice.summary();
    return false;
  } finally {
    await set?.writer.stop();
    await lab.close();
  }
}

const options = parseOptions(process.argv.slice(2));
if (options === undefined) {
  process.stdout.write(USAGE);
  process.exit(process.argv.includes('--help') || process.argv.includes('-h') ? 0 : 2);
}
process.exit((await run(options)) ? 0 : 1);
