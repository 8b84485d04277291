/** What the doors of the nodes have to agree upon: who was let in, and what was asked already. */
import type { Command, DoorCommand } from '../command.js';
import type { Draft, Fact } from '../draft.js';
import { applyTokenAcquired, applyTokenIssued } from './access-tokens.js';
import { applyRequestBegun, applyRequestFinished } from './requests.js';

const KINDS: Readonly<Record<DoorCommand['kind'], true>> = {
  'request-begun': true,
  'request-finished': true,
  'access-token-issued': true,
  'access-token-acquired': true,
};

export function isDoor(command: Command): command is Command & DoorCommand {
  return Object.hasOwn(KINDS, command.kind);
}

export function applyDoor(draft: Draft, command: DoorCommand): readonly Fact[] {
  switch (command.kind) {
    case 'request-begun':
      applyRequestBegun(draft, command);
      return [];
    case 'request-finished':
      applyRequestFinished(draft, command);
      return [];
    case 'access-token-issued':
      return applyTokenIssued(draft, command);
    case 'access-token-acquired':
      return applyTokenAcquired(draft, command);
  }
}
