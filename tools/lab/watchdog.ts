// Leaves nothing behind, however this process ends.
//
// A small shell holds the other end of a pipe. When the pipe closes, because of `release` or because this process is
// gone (a crash and SIGKILL included), it kills every process that carries the run's mark in its environment, children
// of children included, and removes the run's folder. It runs in a session of its own, so that Ctrl-C at a terminal
// does not reach it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const MARK = 'ORCHESTRATOR_LAB_RUN';

const SCRIPT = `
trap '' INT TERM HUP
mark=$1 directory=$2
while read -r _; do :; done
while found=$(grep -lzFx -- "$mark" /proc/[0-9]*/environ 2>/dev/null); [ -n "$found" ]; do
  for environment in $found; do
    process=\${environment#/proc/}
    kill -KILL "\${process%/environ}" 2>/dev/null
  done
  sleep 0.05
done
rm -rf -- "$directory"
`;

export interface Watchdog {
  /** What a process must have in its environment to be ended with the run. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends what still runs, removes the folder, and waits until that is done. */
  release(): Promise<void>;
}

export function startWatchdog(directory: string): Watchdog {
  const environment = { [MARK]: directory };
  const withoutMark = { ...process.env };
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a run inside a run must not end its own watchdog
  delete withoutMark[MARK];
  const shell: ChildProcess = spawn('/bin/bash', ['-c', SCRIPT, 'lab-watchdog', `${MARK}=${directory}`, directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: withoutMark,
  });
  shell.unref();
  const exited = once(shell, 'exit');
  const release = async (): Promise<void> => {
    shell.ref();
    shell.stdin?.end();
    await exited;
  };
  return { environment, release };
}
