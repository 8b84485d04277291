// Ports for servers that will be killed and started again on the same port.
//
// They lie below the range from which the kernel takes the ports of outgoing connections. A port from that range, as
// listening on port 0 gives, can be taken by a client's connection while its server is down, and a client that tries a
// dead server again and again can even be connected to itself.
//
// A port that was given belongs to this process for as long as it lives, whether somebody listens on it at the moment or
// not: tests, demos and benches run beside each other, and the port of a server that is down looks free to all of them.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

const LOWEST = 10_000;
const TRIES_PER_PORT = 200;

function firstEphemeralPort(): number {
  try {
    const low = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
    return low > LOWEST + 5000 ? low : 32_768;
  } catch {
    return 32_768;
  }
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen(port, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

/**
 * Nobody else gets the port from here while this process lives. A name of an abstract socket is held by the kernel for
 * exactly so long; a system without such names has nothing but the chance that no two choose the same.
 */
async function claim(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const holder = createServer();
  const isOurs = await new Promise<boolean>((resolve) => {
    holder.once('error', () => {
      resolve(false);
    });
    holder.listen(`\0orchestrator-lab-port-${String(port)}`, () => {
      resolve(true);
    });
  });
  holder.unref();
  return isOurs;
}

/** `count` distinct ports of 127.0.0.1 on which nothing listens now, and which nobody else was given. */
export async function freePorts(count: number): Promise<number[]> {
  const below = firstEphemeralPort();
  const held: { port: number; server: Server }[] = [];
  try {
    for (let tries = 0; held.length < count; tries += 1) {
      if (tries > count * TRIES_PER_PORT)
        throw new Error(`found no ${String(count)} free ports below ${String(below)}`);
      const port = LOWEST + Math.floor(Math.random() * (below - LOWEST));
      // Claimed first: whoever has it may be about to listen there again, and must not meet us.
      if (held.some((one) => one.port === port) || !(await claim(port))) continue;
      const server = await listen(port);
      if (server !== undefined) held.push({ port, server });
    }
    return held.map(({ port }) => port);
  } finally {
    await Promise.all(held.map(({ server }) => close(server)));
  }
}
