/**
 * ListenSocket: the door as a file. One that a killed node left behind is in the way of the next start, and must go; but
 * only if nobody listens there, and only if it is a socket: an operator's typing error must not cost a file.
 */
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';

const KNOCK_MS = 1000;

/** Rejects with the system's own code when somebody listens there, or when something else stands there. */
export async function clearSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new Error(`${path} exists and is not a socket`);
  if (await answers(path)) throw new Error('EADDRINUSE: a process answers there');
  await unlink(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      done(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Whatever keeps us from looking may be alive; only a refusal says that nobody is there.
      done(error.code !== 'ECONNREFUSED');
    });
    socket.setTimeout(KNOCK_MS, () => {
      done(true);
    });
  });
}
