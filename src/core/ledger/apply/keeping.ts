/** The leader's care for the servers it knows: where they are, whether they are seen, when they are given up. */
import type { Command, KeepingCommand } from '../command.js';
import type { Draft, Fact } from '../draft.js';
import { applyIdentitiesShared, applyReaddressed } from './addresses.js';
import { applyForgettingLifted, applyServersExpired, applyServersForgotten, applySilence } from './forgetting.js';
import { applyTopologiesRecorded } from './history.js';
import { applyHistoryPurged } from './purging.js';

const KINDS: { readonly [Kind in KeepingCommand['kind']]: true } = {
  'servers-forgotten': true,
  'forgetting-lifted': true,
  'servers-expired': true,
  'silence-changed': true,
  'servers-readdressed': true,
  'identities-shared': true,
  'topologies-recorded': true,
  'history-purged': true,
  'time-passed': true,
};

export function isKeeping(command: Command): command is Extract<Command, KeepingCommand> {
  return Object.hasOwn(KINDS, command.kind);
}

export function applyKeeping(draft: Draft, command: KeepingCommand): readonly Fact[] {
  switch (command.kind) {
    case 'servers-forgotten':
      return applyServersForgotten(draft, command);
    case 'forgetting-lifted':
      return applyForgettingLifted(draft, command);
    case 'servers-expired':
      return applyServersExpired(draft, command);
    case 'silence-changed':
      return applySilence(draft, command);
    case 'servers-readdressed':
      return applyReaddressed(draft, command);
    case 'identities-shared':
      return applyIdentitiesShared(draft, command);
    case 'topologies-recorded':
      return applyTopologiesRecorded(draft);
    case 'history-purged':
      applyHistoryPurged(draft, command.beforeMs);
      return [];
    case 'time-passed':
      return [];
  }
}
