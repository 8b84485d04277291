// Packets that are dropped without a word, as by a firewall or a dead switch. The kernel does it, by a rule for packets that
// come from a server's port; a rule is of a whole network, so that whoever wants one runs in a network of his own, which has
// nothing but loopback, is nobody else's concern, and is gone when its last process is.
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MARK = 'ORCHESTRATOR_OWN_NETWORK';
/** Before the rule by which everything on this machine is found. */
const DROP = '50';
const LOCAL = '100';

export function isInOwnNetwork(): boolean {
  return process.env[MARK] === '1';
}

/** This program once more, with these words, in a network of its own. Its exit code; null: this machine has no such thing. */
export async function againInOwnNetwork(words: readonly string[]): Promise<number | null> {
  const how = process.getuid?.() === 0 ? ['-n'] : ['-rn'];
  try {
    await run('unshare', [...how, 'ip', 'link', 'set', 'lo', 'up']);
    await run('unshare', [...how, 'ip', 'rule', 'add', 'pref', DROP, 'ipproto', 'tcp', 'sport', '1', 'blackhole']);
  } catch {
    return null;
  }
  const program = [...process.execArgv, process.argv[1] ?? '', ...words];
  const child = spawn('unshare', [...how, process.execPath, ...program], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: '1' },
  });
  return new Promise((resolve) =>
    child.on('exit', (code) => {
      resolve(code ?? 1);
    }),
  );
}

/** To be called once, before anything listens. */
export async function openOwnNetwork(): Promise<void> {
  await run('ip', ['link', 'set', 'lo', 'up']);
  await run('ip', ['rule', 'add', 'pref', LOCAL, 'lookup', 'local']);
  await run('ip', ['rule', 'del', 'pref', '0']);
}

/** Nothing that leaves this port arrives: calls are not answered, nor is anything that was asked over an open connection. */
export async function dropPacketsFrom(port: number): Promise<void> {
  await run('ip', ['rule', 'add', 'pref', DROP, 'ipproto', 'tcp', 'sport', String(port), 'blackhole']);
}

export async function dropNoMore(): Promise<void> {
  await run('ip', ['rule', 'del', 'pref', DROP]);
}
