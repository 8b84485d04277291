/**
 * The recoveries that this node drives, at most one a cluster, and what is switched on single servers beside them. A run
 * that had to stop although this node still leads (a lease that lapsed for a moment, an entry whose fate is unknown) is taken
 * up again from the committed record; a recovery that an earlier leader left open is taken up as soon as this node has
 * applied all that was committed before.
 */
import { openRecoveryOf } from '../../../core/recovery/belief.js';
import { givesWay } from '../../../core/recovery/kinds.js';
import type { Recovery, RecoveryId, RecoveryKind } from '../../../core/recovery/recovery.js';
import type { ClusterId, ServerId } from '../../../core/topology/server.js';
import type { Proposal } from '../../replicated-ledger.js';
import type { RecoveryParts } from '../recovery-parts.js';
import { RecoveryRun } from './recovery-run.js';

/** Told when the log did not take an opening: then nothing was begun, and never will be. */
export type OnRefused = (why: string) => void;

interface Drive {
  readonly id: RecoveryId;
  readonly kind: RecoveryKind;
  run: RecoveryRun | null;
  /** Not to be taken up again. */
  over: boolean;
  /** What it gave way to closes it. */
  closing: Promise<unknown> | null;
  /** Nothing is done for it any more. */
  readonly halted: Promise<unknown>;
  readonly ended: Promise<Recovery | null>;
}

export class Runs {
  readonly #parts: RecoveryParts;
  readonly #onEnded: () => void;
  /** Clusters whose recovery is being broken off: what stands open there is not to be taken up. */
  readonly #displacing = new Map<ClusterId, ReadonlySet<ServerId>>();
  /** By what each has for itself: its cluster, or its server. */
  readonly #drives = new Map<string, Drive>();
  readonly #switched = new Map<string, Recovery>();

  /** `onEnded`: the cluster is free for what had to wait. */
  constructor(parts: RecoveryParts, onEnded: () => void) {
    this.#parts = parts;
    this.#onEnded = onEnded;
  }

  /** What this node does in the cluster, committed or about to be; null for nothing. */
  busyWith(cluster: ClusterId): RecoveryKind | null {
    return this.#drives.get(cluster)?.kind ?? null;
  }

  /** Of a recovery that is open: as `begin` resolves. */
  async ended(recovery: Recovery): Promise<Recovery | null> {
    const { id } = recovery;
    const drive = this.#drives.get(placeOf(recovery));
    return drive?.id === id ? await drive.ended : null;
  }

  /** Resolves with the closed record; null when this node could not bring it to its end. */
  begin(recovery: Recovery, prelude: readonly Proposal[], onRefused?: OnRefused): Promise<Recovery | null> {
    const drive: { -readonly [Key in keyof Drive]: Drive[Key] } = {
      id: recovery.id,
      kind: recovery.kind,
      run: null,
      over: false,
      closing: null,
      halted: Promise.resolve(),
      ended: Promise.resolve(null),
    };
    const place = placeOf(recovery);
    this.#drives.set(place, drive);
    if (recovery.kind === 'switch') this.#switched.set(place, recovery);
    const driven = this.#drive(drive, recovery, prelude, onRefused);
    drive.halted = driven.catch(() => undefined);
    drive.ended = driven
      .then((closed) => closed ?? this.#closedBy(drive))
      .finally(() => {
        if (this.#drives.get(place) !== drive) return;
        this.#drives.delete(place);
        this.#switched.delete(place);
        this.#onEnded();
      });
    return drive.ended;
  }

  /** Takes up what stands open in the log and nobody here drives. */
  resume(): void {
    const { ledger, log } = this.#parts;
    if (ledger.readyTerm === null) return;
    for (const recovery of ledger.state.recoveries.values()) {
      const place = placeOf(recovery);
      if (recovery.closedAtMs !== null || this.#drives.has(place) || this.#isDisplaced(recovery)) continue;
      log.info(
        { recovery: recovery.id },
        `taking up recovery ${recovery.id} after ${String(recovery.steps.length)} steps`,
      );
      void this.begin(recovery, []);
    }
  }

  /** A former primary answers while the cluster has another recovery: it is fenced under that one's record, at once. */
  fenceBeside(cluster: ClusterId, former: ServerId): void {
    this.#drives.get(cluster)?.run?.fenceBeside(former);
  }

  /** What has begun is finished, nothing else is begun. False: this node does not drive it. */
  cancel(recovery: Recovery, by: string): boolean {
    const { id } = recovery;
    const drive = this.#drives.get(placeOf(recovery));
    if (drive?.id !== id || drive.run === null) return false;
    drive.run.cancel(by);
    return true;
  }

  /** What gives way to this recovery ends, and is taken up later from the start; a switch is not. */
  async displace({ id, kind, clusterId, inputs }: Recovery): Promise<void> {
    const servers = new Set(inputs.participants.map((participant) => participant.id));
    this.#displacing.set(clusterId, servers);
    try {
      await Promise.all([this.#breakOff(clusterId, kind, id), this.#breakOffSwitches(servers, kind, id)]);
    } finally {
      this.#displacing.delete(clusterId);
    }
  }

  #isDisplaced({ kind, clusterId, inputs }: Recovery): boolean {
    const servers = this.#displacing.get(clusterId);
    if (servers === undefined) return false;
    return kind !== 'switch' || inputs.participants.some(({ id }) => servers.has(id));
  }

  /** Nothing is sent by them from here on, and whoever waits for them is told what they gave way to. */
  async #breakOffSwitches(servers: ReadonlySet<ServerId>, kind: RecoveryKind, by: RecoveryId): Promise<void> {
    if (!givesWay('switch', kind)) return;
    const broken: Promise<unknown>[] = [];
    for (const [place, { inputs }] of this.#switched) {
      const drive = this.#drives.get(place);
      if (drive === undefined || !inputs.participants.some(({ id }) => servers.has(id))) continue;
      drive.over = true;
      const reason = `it gave way to recovery ${by}, and is left as it stood`;
      drive.run?.stop(reason);
      const verdict = { kind: 'undone', reason, gaveWayTo: by } as const;
      const closing = this.#parts.ledger.propose({ kind: 'recovery-closed', recoveryId: drive.id, verdict, lost: [] });
      // Should the log not take it, the entry that opens what they give way to closes them.
      drive.closing = closing.catch(() => undefined);
      broken.push(drive.ended);
    }
    await Promise.all(broken);
  }

  /** Closed when nothing of it is under way any more; whoever waits for it is told then. */
  async #breakOff(cluster: ClusterId, kind: RecoveryKind, by: RecoveryId): Promise<void> {
    const reason = `it gives way to recovery ${by}`;
    const drive = this.#drives.get(cluster);
    if (drive === undefined) {
      await this.#closeDisplaced(cluster, kind, by, reason);
      return;
    }
    drive.over = true;
    drive.run?.stop(reason);
    const closing = drive.halted.then(() => this.#closeDisplaced(cluster, kind, by, reason));
    drive.closing = closing.catch(() => undefined);
    await drive.ended;
    await closing;
  }

  async #closeDisplaced(cluster: ClusterId, kind: RecoveryKind, by: RecoveryId, reason: string): Promise<void> {
    const { ledger } = this.#parts;
    const open = openRecoveryOf(ledger.state, cluster);
    if (open === null || !givesWay(open.kind, kind)) return;
    const verdict = { kind: 'undone', reason, gaveWayTo: by } as const;
    await ledger.propose({ kind: 'recovery-closed', recoveryId: open.id, verdict, lost: [] });
  }

  /** In this turn, whatever is under way. */
  stopAll(reason: string): void {
    for (const drive of this.#drives.values()) {
      drive.over = true;
      drive.run?.stop(reason);
    }
  }

  async #closedBy({ id, closing }: Drive): Promise<Recovery | null> {
    if (closing === null) return null;
    await closing;
    const record = this.#parts.ledger.state.recoveries.get(id);
    return record?.closedAtMs == null ? null : record;
  }

  async #drive(
    drive: Drive,
    opening: Recovery,
    prelude: readonly Proposal[],
    onRefused: OnRefused = () => undefined,
  ): Promise<Recovery | null> {
    const { ledger, log, clock, times } = this.#parts;
    let record = opening;
    let first = prelude;
    for (;;) {
      const term = ledger.readyTerm;
      if (term === null || isOver(drive)) return null;
      drive.run = new RecoveryRun(this.#parts, record, term, first);
      const ending = await drive.run.run();
      if (ending.kind === 'closed') return drive.run.record;
      log.warn({ recovery: drive.id }, `recovery ${drive.id} stands still: ${ending.reason}`);
      const { openingRefused } = drive.run;
      if (openingRefused !== null) {
        onRefused(openingRefused);
        return null;
      }
      if (isOver(drive)) return null;
      await new Promise<void>((resolve) => clock.setTimer(times.resumeMs, resolve));
      const committed = ledger.state.recoveries.get(drive.id);
      if (committed === undefined || committed.closedAtMs !== null) return committed ?? null;
      record = committed;
      first = [];
    }
  }
}

/** A switch has its server for itself, any other its cluster. */
function placeOf({ kind, clusterId, failed }: Pick<Recovery, 'kind' | 'clusterId' | 'failed'>): string {
  return kind === 'switch' ? `server ${failed}` : clusterId;
}

/** Said by others while the drive waits. */
function isOver(drive: Drive): boolean {
  return drive.over;
}
