/**
 * The cables between the nodes of a cluster, to be cut by a test: each node is reached through a relay of ours, which asks
 * the kernel whose the connection is, so that every pair and each direction of it can be cut by itself. A silent cut holds
 * bytes back, as a firewall or a dead switch does, and lets them go when it is healed; a loud one ends connections.
 */
import { createServer, connect, type Server, type Socket } from 'node:net';
import { holds, inodeOf } from '../../../tools/lab/socket-owner.js';

export interface CabledNode {
  /** Where the others reach it: the address of its relay. */
  readonly raftAddress: string;
  readonly running: boolean;
  readonly pid: number;
}

interface Relay {
  /** Relay addresses; null: a caller that is no node. */
  readonly from: string | null;
  readonly to: string;
  readonly near: Socket;
  readonly far: Socket;
}

export class PeerCables {
  readonly #servers: Server[] = [];
  readonly #relays = new Set<Relay>();
  readonly #held = new Set<string>();
  readonly #refused = new Set<string>();
  #nodes: readonly CabledNode[] = [];

  /** Who may call; to be told before the first cut. */
  connects(nodes: readonly CabledNode[]): void {
    this.#nodes = nodes;
  }

  /** A door for the node that listens at `raftAddress`; resolves with the door's address. */
  readonly door = async (raftAddress: string): Promise<string> => {
    const [host = '', port = ''] = raftAddress.split(':');
    let own = '';
    const server = createServer((near) => {
      near.on('error', () => undefined);
      near.pause();
      void this.#whoCalls(near).then((from) => {
        this.#relay(from, own, near, () => connect(Number(port), host));
      });
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    own = `127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}`;
    return own;
  };

  /** What `from` says does not reach `to`; what `to` says still reaches `from`. */
  mute(from: CabledNode, to: CabledNode): void {
    this.#held.add(nameOf(from.raftAddress, to.raftAddress));
    this.#apply();
  }

  /** Neither hears the other. */
  part(one: CabledNode, other: CabledNode, how: 'silently' | 'loudly'): void {
    if (how === 'silently') {
      this.mute(one, other);
      this.mute(other, one);
      return;
    }
    this.#refused.add(nameOf(one.raftAddress, other.raftAddress)).add(nameOf(other.raftAddress, one.raftAddress));
    this.#apply();
  }

  heal(): void {
    this.#held.clear();
    this.#refused.clear();
    this.#apply();
  }

  /** All connections; the nodes make new ones. */
  endAll(): void {
    for (const { near } of this.#relays) near.destroy();
  }

  close(): void {
    this.endAll();
    for (const server of this.#servers) server.close();
  }

  #relay(from: string | null, to: string, near: Socket, dial: () => Socket): void {
    if (near.destroyed) return;
    const far = dial();
    const relay: Relay = { from, to, near, far };
    this.#relays.add(relay);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.setNoDelay(true);
      one.on('error', () => undefined);
      one.on('close', () => {
        other.destroy();
        this.#relays.delete(relay);
      });
      one.on('data', (bytes) => {
        if (!other.write(bytes)) one.pause();
      });
      other.on('drain', () => {
        this.#applyTo(relay);
      });
    }
    this.#applyTo(relay);
  }

  #apply(): void {
    for (const relay of this.#relays) this.#applyTo(relay);
  }

  #applyTo({ from, to, near, far }: Relay): void {
    if (from !== null && this.#refused.has(nameOf(from, to))) near.destroy();
    flow(near, from !== null && this.#held.has(nameOf(from, to)));
    flow(far, from !== null && this.#held.has(nameOf(to, from)));
  }

  async #whoCalls(near: Socket): Promise<string | null> {
    const inode = await inodeOf(near.remotePort ?? 0, near.localPort ?? 0);
    if (inode === null) return null;
    for (const node of this.#nodes) if (node.running && (await holds(node.pid, inode))) return node.raftAddress;
    return null;
  }
}

function flow(socket: Socket, held: boolean): void {
  if (held) socket.pause();
  else socket.resume();
}

function nameOf(from: string, to: string): string {
  return `${from}>${to}`;
}
