// A primary and its replicas, replicating.
import { dialectOf } from './dialect.js';
import type { LabServer } from './lab-server.js';

export interface Topology {
  readonly primary: LabServer;
  readonly replicas: readonly LabServer[];
  /** The primary first. */
  readonly servers: readonly LabServer[];
  /** The server with this `host:port`. */
  server(address: string): LabServer;
  /** Waits until every replica has applied what the primary has now. */
  caughtUp(): Promise<void>;
}

export interface Shape {
  /** `star`: every replica of the primary; `chain`: each of the one before it. */
  readonly shape: 'star' | 'chain';
  readonly semiSync: boolean;
}

export async function replicate(servers: readonly LabServer[], { shape, semiSync }: Shape): Promise<Topology> {
  const [primary, ...replicas] = servers;
  if (primary === undefined) throw new Error('a topology needs a server');
  await primary.openForWrites();
  const attach = async (replica: LabServer, index: number): Promise<void> => {
    const source = shape === 'chain' ? servers[index] : primary;
    if (source === undefined) throw new Error(`no source for ${replica.address}`);
    await replica.replicateFrom(source);
    await replica.waitForReplication();
  };
  await Promise.all(replicas.map(attach));
  // Only now: with no replica attached, every statement would wait out the time limit of semi-sync.
  if (semiSync) await primary.execute(`SET GLOBAL ${dialectOf(primary.flavor).semiSyncSourceSwitch} = ON`);
  return {
    primary,
    replicas,
    servers,
    server: (address) => {
      const found = servers.find((server) => server.address === address);
      if (found === undefined) throw new Error(`${address} is no server of this topology`);
      return found;
    },
    caughtUp: async () => {
      for (const replica of replicas) await replica.catchUp(primary);
    },
  };
}
