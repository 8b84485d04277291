/**
 * A server that an operator made read-only, or that was made to forget its source, stays closed for anybody but an operator:
 * a primary that takes no writes is else opened by itself, whatever somebody was about to do there. It is written with the
 * opening, because by the time of its closing it would be too late, and taken away with what did not happen, by whoever
 * opens it on purpose, and by a promotion. A promotion that leaves the opening to others sets it, and it goes when they have
 * done it: who sees the server take writes has nothing to hold back any more.
 */
import { isWritable, type Server, type ServerId } from '../../topology/server.js';
import { LEFT_CLOSED } from '../../recovery/belief.js';
import type { Recovery, Verdict } from '../../recovery/recovery.js';
import type { SwitchCommand } from '../../recovery/requests/switching.js';
import type { Draft } from '../draft.js';

const CLOSING: readonly SwitchCommand[] = ['set-read-only', 'reset-replica'];

export function keepClosed(draft: Draft, { failed, inputs }: Recovery): void {
  const server = draft.servers.get(failed);
  const command = inputs.switching?.command;
  if (server === undefined || command === undefined || !CLOSING.includes(command)) return;
  if (server.keptClosed !== undefined) return;
  draft.servers.set(failed, { ...server, keptClosed: { by: inputs.requestedBy, command, sinceMs: draft.nowMs } });
}

export function leaveClosed(draft: Draft, { id, inputs }: Recovery, promoted: ServerId): void {
  const server = draft.servers.get(promoted);
  if (inputs.leavesClosed !== true || server === undefined || isWritable(server.facts)) return;
  draft.servers.set(promoted, { ...server, keptClosed: { by: id, command: LEFT_CLOSED, sinceMs: draft.nowMs } });
}

/** Somebody opened what a failover had left closed. */
export function noticeOpened(draft: Draft, id: ServerId): void {
  const server = draft.servers.get(id);
  if (server?.keptClosed?.command === LEFT_CLOSED && isWritable(server.facts)) mayBeOpened(draft, id);
}

export function settleClosed(draft: Draft, { failed, inputs, openedAtMs }: Recovery, verdict: Verdict): void {
  const command = inputs.switching?.command;
  if (command === 'set-writeable' && verdict.kind === 'succeeded') mayBeOpened(draft, failed);
  // What failed half way may have closed it.
  if (command === undefined || !CLOSING.includes(command) || verdict.kind !== 'undone') return;
  if (draft.servers.get(failed)?.keptClosed?.sinceMs === openedAtMs) mayBeOpened(draft, failed);
}

export function mayBeOpened(draft: Draft, id: ServerId): void {
  const server = draft.servers.get(id);
  if (server?.keptClosed === undefined) return;
  const rest: { -readonly [K in keyof Server]: Server[K] } = { ...server };
  delete rest.keptClosed;
  draft.servers.set(id, rest);
}
