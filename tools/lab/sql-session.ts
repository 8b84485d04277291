// A session as root over a server's own socket: it works before there are users and whatever max_connections says.
// Every call has a deadline, because a paused server answers nothing at all.
import { createConnection, type Connection } from 'mysql2/promise';

export const QUERY_DEADLINE_MS = 30_000;

/** Opens a session, gives it to `use`, and ends it; the deadline covers all three. */
export async function withRootSession<T>(
  socketPath: string,
  deadlineMs: number,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  let connection: Connection | undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      connection?.destroy();
      reject(new Error(`${socketPath}: no answer within ${String(deadlineMs)} ms`));
    }, deadlineMs);
  });
  const work = async (): Promise<T> => {
    connection = await createConnection({
      socketPath,
      user: 'root',
      multipleStatements: true,
      connectTimeout: deadlineMs,
    });
    return await use(connection);
  };
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
    connection?.destroy();
  }
}
