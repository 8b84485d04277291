/**
 * The replicated state machine: committed entries in, state and facts out. Deterministic and total: the same entries
 * give the same state on every node, and no entry makes it throw unless the program itself is wrong. It reads no clock;
 * time is what the leaders stamped, and never goes back.
 */
import { assert, assertNever } from '../base/assert.js';
import {
  applyAcknowledged,
  applyCancelled,
  applyClosed,
  applyDemotion,
  applyFinished,
  applyIntended,
  applyOpened,
  applyPromoting,
} from './apply/recovery.js';
import {
  applyAlias,
  applyAnnounced,
  applyBraked,
  applyBrakeReleased,
  applyCanaryUsed,
  applyDowntimeBegun,
  applyDowntimeEnded,
  applyIncidentClosed,
  applyIncidentOpened,
  applySwitched,
} from './apply/operations.js';
import { applyDoor, isDoor } from './apply/doors.js';
import { expireDue } from './apply/expiry.js';
import { applyKeeping, isKeeping } from './apply/keeping.js';
import { applyLabel, isLabel } from './apply/labels.js';
import { applyTelling, isTelling } from './apply/telling.js';
import { applyForgotten, applyObserved, applyTargets } from './apply/topology.js';
import { decodeCommand } from './codec.js';
import type { Command } from './command.js';
import { type Draft, emptyDraft, type Fact, fact } from './draft.js';
import { decodeFounding } from './founding.js';
import { decodeKeyValuePart, encodeParts, splitParts } from './key-value/snapshot-part.js';
import { type KeyValueContent, KeyValueStore } from './key-value/store.js';
import type { KeyValueOutcome } from './key-value/write.js';
import { decodeWrites, isKeyValueEntry } from './key-value/write-codec.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot.js';
import type { LedgerState } from './state.js';

/** Audit lines kept in the state; older ones are in the log of the nodes. */
const AUDIT_KEPT = 2000;

export interface Applied {
  readonly index: number;
  readonly command: Command | null;
  readonly facts: readonly Fact[];
  /** Of an entry of key-value writes: what became of each, in order. Such an entry has no command and no facts. */
  readonly keyValue?: readonly KeyValueOutcome[];
}

export class Ledger {
  #draft: Draft = emptyDraft();
  readonly #keyValue = new KeyValueStore();

  /** Live and read-only: the maps change in place as entries are applied, between turns of the event loop. */
  get state(): LedgerState {
    return this.#draft;
  }

  /** Live and read-only, like `state`. */
  get keyValue(): KeyValueContent {
    return this.#keyValue;
  }

  /** `payload` null: an entry of Raft's own (a leader's first, or a change of membership). */
  apply(index: number, payload: Uint8Array | null): Applied {
    const draft = this.#draft;
    assert(index > draft.index, `entry ${String(index)} after ${String(draft.index)}: applied twice or out of order`);
    draft.index = index;
    if (payload === null) return { index, command: null, facts: [] };
    if (isKeyValueEntry(payload)) {
      return { index, command: null, facts: [], keyValue: this.#keyValue.apply(decodeWrites(payload)) };
    }
    const command = decodeCommand(payload);
    draft.nowMs = Math.max(draft.nowMs, command.atMs);
    const expired = expireDue(draft);
    const facts = [...expired, ...applyCommand(draft, command)];
    recordAudit(draft, facts);
    return { index, command, facts };
  }

  /** The entry with which a leader opened its term. */
  open(index: number, payload: Uint8Array): Applied {
    this.#draft.founding ??= decodeFounding(payload);
    return this.apply(index, null);
  }

  snapshot(): Uint8Array {
    return encodeParts(encodeSnapshot(this.#draft), this.#keyValue);
  }

  restore(bytes: Uint8Array): void {
    const { domain, keyValue } = splitParts(bytes);
    this.#draft = decodeSnapshot(domain);
    this.#keyValue.restore(decodeKeyValuePart(keyValue));
  }
}

function applyCommand(draft: Draft, command: Command): readonly Fact[] {
  if (isKeeping(command)) return applyKeeping(draft, command);
  if (isLabel(command)) return applyLabel(draft, command);
  if (isTelling(command)) return applyTelling(draft, command);
  if (isDoor(command)) return applyDoor(draft, command);
  switch (command.kind) {
    case 'topology-observed':
      return applyObserved(draft, command.servers);
    case 'targets-added':
      return applyTargets(draft, command.targets);
    case 'server-forgotten':
      return applyForgotten(draft, command.address);
    case 'recovery-opened':
      return applyOpened(draft, command.recovery);
    case 'steps-intended':
      return applyIntended(draft, command.recoveryId, command.term, command.steps);
    case 'step-finished':
      return applyFinished(draft, command.recoveryId, command.number, command.outcome);
    case 'promoting':
      return applyPromoting(draft, command.recoveryId, command.server, command.epoch);
    case 'recovery-closed':
      return applyClosed(draft, command.recoveryId, command.verdict, command.lost);
    case 'recovery-acknowledged':
      return applyAcknowledged(draft, command.recoveryId, command.by, command.comment);
    case 'demotion-changed':
      return applyDemotion(draft, command.server, command.state, command.extraGtids);
    default:
      return applyOperation(draft, command);
  }
}

type Operation = Extract<
  Command,
  {
    kind:
      | 'incident-opened'
      | 'canary-used'
      | 'incident-closed'
      | 'downtime-begun'
      | 'downtime-ended'
      | 'recoveries-switched'
      | 'brake-applied'
      | 'recovery-cancelled'
      | 'brake-released'
      | 'alias-set'
      | 'node-announced'
      | 'noted';
  }
>;

function applyOperation(draft: Draft, command: Operation): readonly Fact[] {
  switch (command.kind) {
    case 'incident-opened':
      return applyIncidentOpened(draft, command.incident);
    case 'canary-used':
      return applyCanaryUsed(draft, command.server, command.canary);
    case 'incident-closed':
      return applyIncidentClosed(draft, command.server, command.reason);
    case 'downtime-begun':
      return applyDowntimeBegun(draft, command.downtime);
    case 'downtime-ended':
      return applyDowntimeEnded(draft, command.server);
    case 'recoveries-switched':
      return applySwitched(draft, command.enabled, command.by);
    case 'recovery-cancelled':
      return applyCancelled(draft, command.recoveryId, command.by);
    case 'brake-applied':
      return applyBraked(draft, command.reason);
    case 'brake-released':
      return applyBrakeReleased(draft, command.by);
    case 'alias-set':
      return applyAlias(draft, command.clusterId, command.alias);
    case 'node-announced':
      return applyAnnounced(draft, command.node);
    case 'noted':
      return [fact(command.topic, command.text, command.server, command.clusterId)];
    default:
      return assertNever(command);
  }
}

function recordAudit(draft: Draft, facts: readonly Fact[]): void {
  if (facts.length === 0) return;
  let number = draft.audit[draft.audit.length - 1]?.number ?? 0;
  for (const { kind, server, clusterId, text } of facts) {
    number += 1;
    draft.audit.push({ number, atMs: draft.nowMs, kind, server, clusterId, text });
  }
  if (draft.audit.length > AUDIT_KEPT) draft.audit.splice(0, draft.audit.length - AUDIT_KEPT);
}
