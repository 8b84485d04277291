/**
 * The kinds of plans whose leader is struck: what has to be so before, what makes the plan begin, and what brings the
 * servers back for the next round. A new kind is one more entry; its points are found by playing it once undisturbed.
 */
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { CrashStage } from './stage.js';

export interface PlanKind {
  /** As the record of the recovery has it. */
  readonly kind: string;
  /** Before the plan whose leader is to be struck. */
  prepare?(stage: CrashStage): Promise<void>;
  /** Resolves when the plan is sure to begin. */
  begin(stage: CrashStage): Promise<void>;
  /** After its end, towards one primary with all others below it. */
  restore?(stage: CrashStage): Promise<void>;
}

const takeover: PlanKind = {
  kind: 'graceful-takeover',
  begin: async (stage) => {
    const [from, to] = [stage.primary, stage.nextPrimary].map(({ host, port }) => `${host}/${String(port)}`);
    const leader = await stage.cluster.leader();
    // Clients write meanwhile.
    stage.writer.start();
    // The answer is lost with the leader that dies.
    leader.request(`/api/graceful-master-takeover-auto/${String(from)}/${String(to)}`, 60_000).catch(() => undefined);
  },
};

const deadPrimary: PlanKind = {
  kind: 'dead-primary',
  begin: async (stage) => {
    await stage.writeAndRest();
    await stage.primary.kill();
    stage.writer.start();
  },
  restore: startAll,
};

const formerPrimary: PlanKind = {
  kind: 'former-primary',
  prepare: async (stage) => {
    const known = await stage.knownRecoveries();
    await deadPrimary.begin(stage);
    await stage.closedSince(known, deadPrimary.kind);
  },
  begin: startAll,
};

async function startAll({ topology }: CrashStage): Promise<void> {
  const down = topology.servers.filter((server: LabServer) => !server.running);
  await Promise.all(down.map((server) => server.start()));
}

export const PLAN_KINDS: readonly PlanKind[] = [takeover, deadPrimary, formerPrimary];
