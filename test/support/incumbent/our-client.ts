/**
 * Our own client, called as somebody calls the script: what it prints where it does what the script was meant to do, and
 * all that it knows beside it.
 */
import { runClient } from '../../../src/app/client/run.js';
import type { Dialect } from '../../../src/app/client/surroundings.js';
import { SCRIPT_LINES } from './script-lines.js';
import type { Ended, Given } from './script.js';

/** Lines of the script that end otherwise with ours: it is broken there, or knows less. */
const MEANT: Readonly<Record<string, string>> = {
  'help => Usage': String.raw`help => orchestrator-client -c COMMAND[\s\S]*`,
  'async-discover -i {a} => :null\\n': String.raw`async-discover -i {a} => {a}\n`,
  'restart-replica-statements -i {a} -q flush+logs => \\[".*;"\\]\\n': String.raw`restart-replica-statements -i {a} -q flush+logs => \[ ".*;" \]\n`,
  'ack-all-recoveries -r seen+it => seen\\n': String.raw`ack-all-recoveries -r seen+it => seen it\n`,
  'enslave-siblings -i {a} =>! Unsupported command enslave-siblings': String.raw`enslave-siblings -i {a} => {a}<{m}\n`,
  'api -P clusters-info => \\[\\{"ClusterName":"{m}".*\\}\\]\\n': String.raw`api -P clusters-info => \[ \{ "ClusterName": "{m}",.* \} \]\n`,
};

export const OUR_LINES: readonly string[] = SCRIPT_LINES.map((line) => MEANT[line] ?? line);

/** Every line that stands in MEANT is one of the script's. */
export const MEANT_LINES: readonly string[] = Object.keys(MEANT);

export async function runOurs(api: string, name: string, given: Given, dialect: Dialect = 'script'): Promise<Ended> {
  const options = Object.entries(given).flatMap(([letter, value]) => [`-${letter}`, String(value)]);
  return await runWords(api, ['-c', name, ...options], dialect);
}

export async function runWords(api: string, argv: readonly string[], dialect: Dialect = 'script'): Promise<Ended> {
  const said = { out: '', err: '' };
  const code = await runClient({
    argv,
    dialect,
    environment: { ORCHESTRATOR_API: api },
    profileFile: '/nonexistent',
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  return { code, ...said };
}
