/**
 * Stops fetching between two transactions. An IO thread that is told to stop ends after the event that it reads, whatever that
 * belongs to, and half a transaction can be neither applied nor let go: MySQL 9.7 keeps a STOP of its applier waiting for the
 * rest for a minute (seen). While the source lives the rest is to be had: fetching goes on for a moment and is stopped anew.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { addressText } from '../../../../core/topology/address.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import { startReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, DRAIN_MS, READ_MS } from '../limits.js';
import { hasUnapplied, startApplier, stopFetching } from './relay-log.js';
import { applierError, readReplicaOf, readServer } from '../reading/replica-state.js';

const ATTEMPTS = 12;
const PAUSE_MS = 10;

/** Appliers of several threads say what they have applied three times a second; the others at once. */
const RESTS_AFTER_MS = { several: 700, one: 100 };

/** Since 8.0 each says whether it has begun a transaction, so that nobody has to wait for that. */
const BUSY =
  "SELECT COUNT(*) AS busy FROM performance_schema.replication_applier_status_by_worker WHERE APPLYING_TRANSACTION <> ''";
const QUIET_LOOKS = 3;

/**
 * Resolves with everything applied that was received, or with an applier that has failed; the IO thread is stopped. What several
 * appliers have done their server may say a moment later.
 */
export async function stopBetween(hold: Hold): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const replica = await readReplicaOf(hold, READ_MS);
    await stopFetching(hold, replica);
    if (await allApplied(hold)) return;
    await hold.change(startReplica(hold.dialect, replica.channel, 'IO_THREAD'), CHANGE_MS);
    await sleep(attempt * PAUSE_MS);
  }
  const text = `it has received half a transaction each of ${String(ATTEMPTS)} times that it stopped fetching`;
  throw new StepFailed('limit', `${addressText(hold.address)}: ${text}`, false);
}

/** False when it rests and something is left: that is half a transaction. */
async function allApplied(hold: Hold): Promise<boolean> {
  const restsAfterMs = hold.dialect.can('connectionTables') ? RESTS_AFTER_MS.several : RESTS_AFTER_MS.one;
  const startedMs = monotonicNowMs();
  let applied = '';
  let quiet = 0;
  let sinceMs = startedMs;
  for (;;) {
    const replica = await readReplicaOf(hold, READ_MS);
    const server = await readServer(hold, READ_MS);
    if (!hasUnapplied(replica, server) || applierError(replica) !== null) return true;
    const nowMs = monotonicNowMs();
    if (replica.appliedTo !== applied || !replica.idle) sinceMs = nowMs;
    applied = replica.appliedTo;
    if (replica.idle && hold.dialect.can('connectionTimes')) {
      const { busy } = await hold.readRow(BUSY, READ_MS);
      quiet = busy === '0' ? quiet + 1 : 0;
      if (quiet === QUIET_LOOKS) return true;
    }
    if (nowMs - sinceMs > restsAfterMs) return false;
    await startApplier(hold, replica, server);
    if (nowMs - startedMs > DRAIN_MS) {
      const text = `it has not applied within ${String(DRAIN_MS / 1000)} s what it had received`;
      throw new StepFailed('limit', `${addressText(hold.address)}: ${text}`, false);
    }
    await sleep(PAUSE_MS);
  }
}
