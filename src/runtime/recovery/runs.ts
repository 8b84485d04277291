/**
 * The recoveries that this node drives, at most one a cluster. A run that had to stop although this node still leads (a
 * lease that lapsed for a moment, an entry whose fate is unknown) is taken up again from the committed record; a recovery
 * that an earlier leader left open is taken up as soon as this node has applied all that was committed before.
 */
import { openRecoveryOf } from '../../core/recovery/belief.js';
import { givesWay } from '../../core/recovery/kinds.js';
import type { Recovery, RecoveryId, RecoveryKind } from '../../core/recovery/recovery.js';
import type { ClusterId, ServerId } from '../../core/topology/server.js';
import type { Proposal } from '../replicated-ledger.js';
import type { RecoveryParts } from './recovery-parts.js';
import { RecoveryRun } from './recovery-run.js';

/** Told when the log did not take an opening: then nothing was begun, and never will be. */
export type OnRefused = (why: string) => void;

interface Drive {
  readonly id: RecoveryId;
  readonly kind: RecoveryKind;
  run: RecoveryRun | null;
  /** Not to be taken up again. */
  over: boolean;
  readonly ended: Promise<Recovery | null>;
}

export class Runs {
  readonly #parts: RecoveryParts;
  readonly #onEnded: () => void;
  /** Clusters whose recovery is being broken off: what stands open there is not to be taken up. */
  readonly #displacing = new Set<ClusterId>();
  readonly #drives = new Map<ClusterId, Drive>();

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
  async ended({ id, clusterId }: Recovery): Promise<Recovery | null> {
    const drive = this.#drives.get(clusterId);
    return drive?.id === id ? await drive.ended : null;
  }

  /** Resolves with the closed record; null when this node could not bring it to its end. */
  begin(recovery: Recovery, prelude: readonly Proposal[], onRefused?: OnRefused): Promise<Recovery | null> {
    const drive: { -readonly [Key in keyof Drive]: Drive[Key] } = {
      id: recovery.id,
      kind: recovery.kind,
      run: null,
      over: false,
      ended: Promise.resolve(null),
    };
    this.#drives.set(recovery.clusterId, drive);
    drive.ended = this.#drive(drive, recovery, prelude, onRefused).finally(() => {
      if (this.#drives.get(recovery.clusterId) !== drive) return;
      this.#drives.delete(recovery.clusterId);
      this.#onEnded();
    });
    return drive.ended;
  }

  /** Takes up what stands open in the log and nobody here drives. */
  resume(): void {
    const { ledger, log } = this.#parts;
    if (ledger.readyTerm === null) return;
    for (const recovery of ledger.state.recoveries.values()) {
      const { clusterId } = recovery;
      if (recovery.closedAtMs !== null || this.#drives.has(clusterId) || this.#displacing.has(clusterId)) continue;
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
  cancel({ id, clusterId }: Recovery, by: string): boolean {
    const drive = this.#drives.get(clusterId);
    if (drive?.id !== id || drive.run === null) return false;
    drive.run.cancel(by);
    return true;
  }

  /** What gives way to a recovery of this kind ends, and is taken up later from the start. */
  async displace(cluster: ClusterId, kind: RecoveryKind, by: RecoveryId): Promise<void> {
    this.#displacing.add(cluster);
    try {
      await this.#breakOff(cluster, kind, by);
    } finally {
      this.#displacing.delete(cluster);
    }
  }

  async #breakOff(cluster: ClusterId, kind: RecoveryKind, by: RecoveryId): Promise<void> {
    const reason = `it gives way to recovery ${by}`;
    const drive = this.#drives.get(cluster);
    if (drive !== undefined) {
      drive.over = true;
      drive.run?.stop(reason);
      await drive.ended;
    }
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
      if (openingRefused !== null) onRefused(openingRefused);
      if (openingRefused !== null || isOver(drive)) return null;
      await new Promise<void>((resolve) => clock.setTimer(times.resumeMs, resolve));
      const committed = ledger.state.recoveries.get(drive.id);
      if (committed === undefined || committed.closedAtMs !== null) return committed ?? null;
      record = committed;
      first = [];
    }
  }
}

/** Said by others while the drive waits. */
function isOver(drive: Drive): boolean {
  return drive.over;
}
