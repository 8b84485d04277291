/** All that later steps may rest on, read from a server and checked, as it goes into the recovery's record. */
import { readProgress, unionOf } from '../../../../core/recovery/progress/gtids.js';
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import { logMarkText } from '../../../../core/topology/log-marks.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { READ_MS } from '../limits.js';
import { readPurged } from './purged.js';
import { obstacleToApplying } from '../replica/relay-log.js';
import {
  progressOf,
  readOwnEnd,
  readOwnLog,
  readReplica,
  readServer,
  type ReplicaState,
  type ServerState,
} from './replica-state.js';

/** `byPlace`: where its own log stands is asked for, although it has GTIDs. */
export async function readFindings(hold: Hold, byPlace = false): Promise<StepFindings> {
  // Replication first: what is received in between is counted as executed at worst, and never missed.
  const replica = await readReplica(hold, READ_MS);
  return await findingsOf(hold, replica, await readServer(hold, READ_MS), { byPlace });
}

export interface FindingTerms {
  readonly byPlace: boolean;
  /** Where that was read before. */
  readonly purged?: string;
}

export async function findingsOf(
  hold: Hold,
  replica: ReplicaState | null,
  server: ServerState,
  { byPlace, purged }: FindingTerms,
): Promise<StepFindings> {
  const obstacle = replica === null ? null : obstacleToApplying(hold, replica, server);
  const ownEnd = server.hasGtids && !byPlace ? null : await readOwnEnd(hold, READ_MS);
  return {
    executedGtids: readable(hold, await executedBy(hold, server, replica)),
    receivedGtids: readable(hold, replica?.received ?? ''),
    purgedGtids: readable(hold, purged ?? (await readPurged(hold, server))),
    readOnly: server.readOnly,
    ...(server.committing === '' || server.readOnly ? {} : { committingGtids: readable(hold, server.committing) }),
    ...(ownEnd === null ? {} : { ownEnd }),
    ...(obstacle === null ? {} : { applierError: obstacle }),
  };
}

/** A server that follows nobody and has no GTIDs is as far as its own log. */
export async function executedBy(hold: Hold, server: ServerState, replica: ReplicaState | null): Promise<string> {
  if (replica !== null || server.hasGtids) return progressOf(server, replica);
  const end = await readOwnEnd(hold, READ_MS);
  return end === null ? '' : unionOf(logMarkText(end, await readOwnLog(hold, READ_MS)));
}

/** The record holds nothing but what every node can read. */
export function readable(hold: Hold, text: string): string {
  const progress = readProgress(text);
  if (progress.ok) return progress.value;
  throw new StepFailed('state', `${addressText(hold.address)}: ${progress.error}`, false);
}
