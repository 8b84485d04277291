/**
 * Requests that change something, by the key under which they were asked for: begun before anything is done, finished with
 * the answer. Whoever asks again under the same key, here or at the next leader, finds what became of the first. The first
 * entry of a key wins; whoever proposed another looks at the record and sees that it is not its own.
 */
import type { DoorCommand } from '../command.js';
import type { Draft } from '../draft.js';
import type { RequestRecord } from '../records.js';

type Of<Kind extends DoorCommand['kind']> = Extract<DoorCommand, { kind: Kind }>;

/** The oldest go first. A snapshot must stay bounded, and so must what one caller can make all nodes remember. */
export const REQUESTS_KEPT = 1000;
const ANSWER_CHARACTERS_KEPT = 4_194_304;

export function applyRequestBegun(draft: Draft, command: Of<'request-begun'>): void {
  const { key, attempt, subject, by, node, lifetimeMs } = command;
  dropExpired(draft);
  if (draft.requests.has(key)) return;
  const expiresAtMs = draft.nowMs + lifetimeMs;
  draft.requests.set(key, { key, attempt, subject, by, node, beganAtMs: draft.nowMs, expiresAtMs, answer: null });
  dropOldest(draft);
}

export function applyRequestFinished(draft: Draft, { key, attempt, answer }: Of<'request-finished'>): void {
  const record = draft.requests.get(key);
  if (record === undefined || record.attempt !== attempt) return;
  if (answer === null) draft.requests.delete(key);
  else draft.requests.set(key, { ...record, answer });
  dropOldest(draft);
}

function dropExpired(draft: Draft): void {
  for (const [key, { expiresAtMs }] of draft.requests) if (expiresAtMs <= draft.nowMs) draft.requests.delete(key);
}

function dropOldest({ requests }: Draft): void {
  let characters = 0;
  for (const record of requests.values()) characters += weightOf(record);
  for (const [key, record] of requests) {
    if (requests.size <= REQUESTS_KEPT && characters <= ANSWER_CHARACTERS_KEPT) return;
    characters -= weightOf(record);
    requests.delete(key);
  }
}

function weightOf({ key, subject, by, answer }: RequestRecord): number {
  return key.length + subject.length + by.length + (answer?.body.length ?? 0);
}
