/**
 * Whom a plan of moves had stopped and could not start again, because its server fell silent in between. The closed records
 * say who: whose last step of such a plan did not come through, and about whom no later plan says otherwise. When it answers
 * again its replication goes on where it leads, which is for no operator to remember. What the server itself refused (an
 * applier that is broken, say) was said in the answer, and waits for a person.
 */
import { type Address, DETACHED, sameAddress } from '../../topology/address.js';
import type { ServerId } from '../../topology/server.js';
import type { Belief } from '../belief.js';
import { gaveWay } from '../interrupted.js';
import { channelLeftBehind } from './lost-replicas.js';
import type { Recovery, RecoveryId, StepRecord } from '../recovery.js';

export interface LeftByMove {
  readonly server: ServerId;
  /** The plan that had stopped it. */
  readonly recovery: RecoveryId;
  readonly sinceMs: number;
}

/** What passes by itself, and does not say that the step was not taken. */
const SILENT: ReadonlySet<string> = new Set(['unreachable', 'not-admitted', 'barrier', 'late', 'limit']);

export function leftByMoves({ recoveries, servers }: Pick<Belief, 'recoveries' | 'servers'>): readonly LeftByMove[] {
  const closed = [...recoveries.values()].filter(({ closedAtMs }) => closedAtMs !== null);
  if (!closed.some(isStuck)) return [];
  closed.sort((one, other) => (one.closedAtMs ?? 0) - (other.closedAtMs ?? 0));
  const left = new Map<ServerId, LeftByMove>();
  for (const recovery of closed) {
    const isResumed = recovery.inputs.movement?.manner === 'resume';
    for (const server of touchedBy(recovery)) if (!isResumed || hasStarted(recovery, server)) left.delete(server);
    if (!isStuck(recovery) || isResumed) continue;
    for (const server of stuckIn(recovery)) {
      left.set(server, { server, recovery: recovery.id, sinceMs: recovery.closedAtMs ?? 0 });
    }
  }
  return [...left.values()].filter(({ server }) => servers.has(server));
}

function isStuck(recovery: Recovery): boolean {
  return recovery.kind === 'move' && !gaveWay(recovery) && recovery.steps.some(({ outcome }) => outcome?.ok !== true);
}

/** Another plan has seen to it, or a failover says what became of it. */
function touchedBy({ kind, steps, lost }: Recovery): readonly ServerId[] {
  const taken = steps.filter(({ step, outcome }) => step.kind !== 'look' && outcome?.ok === true);
  const named = kind === 'move' ? [] : lost;
  return [...taken.map(({ step }) => step.server), ...named.map(({ server }) => server)];
}

function stuckIn(recovery: Recovery): readonly ServerId[] {
  const running = recovery.inputs.participants.filter(({ start }) => start).map(({ id }) => id);
  return running.filter((server) => {
    const own = ownSteps(recovery, server);
    const last = own.at(-1)?.outcome;
    if (!own.some(({ step }) => step.kind === 'stop-io') || last === undefined || last?.ok === true) return false;
    return last === null || SILENT.has(last.code);
  });
}

/** Said of a plan at its end: of what it leaves of this server nobody has to think. */
export function goesOnByItself(recovery: Recovery, server: ServerId): boolean {
  return stuckIn(recovery).includes(server);
}

function hasStarted(recovery: Recovery, server: ServerId): boolean {
  return ownSteps(recovery, server).some(({ outcome }) => outcome?.ok === true);
}

/** Those that stop its replication or start it. */
function ownSteps({ steps }: Recovery, server: ServerId): readonly StepRecord[] {
  const kinds = ['stop-io', 'run-until', 'repoint', 'start-replica'];
  return steps.filter(({ step }) => step.server === server && kinds.includes(step.kind));
}

/** How often it was tried in vain to start it again, and when last. */
export function startsInVain(
  { recoveries }: Pick<Belief, 'recoveries'>,
  { server, sinceMs }: LeftByMove,
): { readonly count: number; readonly lastAtMs: number } {
  const vain = [...recoveries.values()].filter(
    (recovery) =>
      recovery.inputs.movement?.manner === 'resume' &&
      (recovery.closedAtMs ?? 0) >= sinceMs &&
      recovery.lost.some((one) => one.server === server),
  );
  return { count: vain.length, lastAtMs: Math.max(0, ...vain.map(({ closedAtMs }) => closedAtMs ?? 0)) };
}

/** It is where the plan left it, and nobody works on it. */
export function mayGoOn(belief: Belief, left: LeftByMove): boolean {
  const recovery = belief.recoveries.get(left.recovery);
  const server = belief.servers.get(left.server);
  const maintenance = belief.maintenances.get(left.server);
  if (recovery === undefined || server === undefined) return false;
  if (maintenance !== undefined && maintenance.endsAtMs > belief.nowMs) return false;
  const channel = channelLeftBehind(belief, left);
  if (channel === null || channel.source.host.startsWith(DETACHED)) return false;
  return namesIn(belief, recovery).some((name) => sameAddress(name, channel.source));
}

function namesIn({ servers }: Pick<Belief, 'servers'>, { inputs }: Recovery): readonly Address[] {
  return inputs.participants.flatMap(({ id, host, port }) => [{ host, port }, ...(servers.get(id)?.aliases ?? [])]);
}
