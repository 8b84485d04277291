// What one entry of the table of plans says, and the few words that all entries use.
import { until } from '../../../tools/demo/until.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Layout } from './layouts.js';
import type { CrashStage } from './stage.js';

export interface PlanKind {
  /** In the table. */
  readonly name: string;
  /** As the record of the recovery has it. */
  readonly kind: string;
  /** How many statements its plan has at least, undisturbed: a sample strikes at one of them. */
  readonly statements: number;
  /** How its servers stand; a star where it does not say. */
  readonly layout?: Layout;
  /** Before the plan whose leader is to be struck. */
  prepare?(stage: CrashStage): Promise<void>;
  /** Resolves when the plan is sure to begin. */
  begin(stage: CrashStage): Promise<void>;
  /** After its end, towards one primary with all others below it. */
  restore?(stage: CrashStage): Promise<void>;
}

let rounds = 0;

/** The same request that was lost with its leader a moment ago would not be done again: this is another one. */
function again(path: string): string {
  rounds += 1;
  return `${path}?round=${String(rounds)}`;
}

/** The answer is lost with the leader that dies. */
export async function ask(stage: CrashStage, path: string): Promise<void> {
  const leader = await stage.cluster.leader();
  const told = (answer: string): void => {
    stage.answers.push(`${path}: ${answer}`);
  };
  leader.request(again(path), 60_000).then(
    ({ status, body }) => {
      told(status === 200 ? 'yes' : JSON.stringify(body));
    },
    (error: unknown) => {
      told(String(error));
    },
  );
}

/** Once more as long as the answer is no: what was changed a moment ago is believed a moment later. */
export async function done(stage: CrashStage, path: string): Promise<void> {
  await until(`a yes to ${path}`, async () => {
    const leader = await stage.cluster.leader();
    const { status, body } = await leader.request(again(path), 60_000);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return true;
  });
}

export function inPath({ host, port }: LabServer): string {
  return `${host}/${String(port)}`;
}

export function twoReplicas({ replicas }: CrashStage): readonly [LabServer, LabServer] {
  const [one, other] = replicas;
  if (one === undefined || other === undefined) throw new Error('two replicas are needed');
  return [one, other];
}

/** Every node believes it. */
export async function seenBelow(stage: CrashStage, replica: LabServer, source: LabServer): Promise<void> {
  await stage.seen(`${replica.address} below ${source.address}`, ({ servers }) => {
    const id = servers.find(({ address }) => address === replica.address)?.source;
    return servers.some((server) => server.id === id && server.address === source.address);
  });
}

/** Whoever comes back open, with its leader dead, would take what a client writes that looks for its primary. */
export async function startAll({ topology, writer }: CrashStage): Promise<void> {
  await writer.rest();
  const down = topology.servers.filter((server: LabServer) => !server.running);
  await Promise.all(down.map((server) => server.start()));
}
