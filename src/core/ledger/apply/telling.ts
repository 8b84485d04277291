/** What is told to the world outside: of failures as they are found, and of recoveries when they are over. */
import type { Command, TellingCommand } from '../command.js';
import type { Draft, Fact } from '../draft.js';
import { applyAftermathFinished, applyAftermathIntended } from './aftermath.js';
import { applyDetectionFinished, applyDetectionIntended } from './detections.js';

const KINDS: Readonly<Record<TellingCommand['kind'], true>> = {
  'detection-intended': true,
  'detection-finished': true,
  'aftermath-intended': true,
  'aftermath-finished': true,
};

export function isTelling(command: Command): command is Command & TellingCommand {
  return Object.hasOwn(KINDS, command.kind);
}

export function applyTelling(draft: Draft, command: TellingCommand): readonly Fact[] {
  switch (command.kind) {
    case 'detection-intended':
      return applyDetectionIntended(draft, command.detection);
    case 'detection-finished':
      return applyDetectionFinished(draft, command.key, command.id, command.outcome);
    case 'aftermath-intended':
      return applyAftermathIntended(draft, command.recoveryId, command.term, command.step);
    case 'aftermath-finished':
      return applyAftermathFinished(draft, command.recoveryId, command.number, command.outcome);
  }
}
