/**
 * What an operator may ask to be rearranged, and what of it stands in the record. One plan moves one replica or many: a
 * cluster has one plan at a time (invariant 5), and within it as many move beside each other as the configuration allows.
 * Nobody is promoted by it and no client's write is held up.
 */
import type { ServerId } from '../../topology/server.js';

/** By their names at the incumbent's, those of later years. */
export const MOVE_COMMANDS = [
  'relocate',
  'relocate-replicas',
  'move-up',
  'move-up-replicas',
  'move-below',
  'move-equivalent',
  'move-gtid',
  'move-replicas-gtid',
  'repoint',
  'repoint-replicas',
  'take-siblings',
  'take-master',
  'make-co-master',
  'regroup-replicas',
  'regroup-replicas-gtid',
  'detach-replica',
  'reattach-replica',
] as const;

export type MoveCommand = (typeof MOVE_COMMANDS)[number];

export interface Movement {
  readonly server: ServerId;
  readonly to: ServerId;
  /** Where it is put back; null where its source is not known, or it has none. */
  readonly from: ServerId | null;
  /** It follows by place and goes by the legs of its plan; where there are none, it changes places with its source. */
  readonly byPlace?: true;
}

/**
 * One hop of a way by place, from a source to the next. up: to the source of `from`. beside: to a server that follows `from`
 * as well. Another way there is not: only of these two places is known how they correspond.
 */
export interface Leg {
  readonly kind: 'up' | 'beside';
  readonly from: ServerId;
  readonly to: ServerId;
}

/**
 * each: everybody moves on their own, and one that cannot says nothing about the others. in-order: one after the other, and
 * all or none. co-primary: the source of a replica is to follow it. regroup: the best of them leads the others, which is
 * known when all have stopped. detach, reattach: it keeps its source and cannot reach it, or can again. resume: servers that a broken plan had stopped go on where they are.
 */
export type MoveManner = 'each' | 'in-order' | 'co-primary' | 'regroup' | 'resume' | 'detach' | 'reattach';

export interface MoveTerms {
  /** What was asked for; of what is taken up again, what was asked for then. */
  readonly command: MoveCommand;
  readonly manner: MoveManner;
  readonly moves: readonly Movement[];
  /** Those of a request for many that could not be begun with, and why. */
  readonly refused: readonly { readonly server: ServerId; readonly reason: string; readonly gtids: string }[];
  /** MaxConcurrentReplicaOperations: so many are without their source at a time. */
  readonly atOnce: number;
  /** Those who go by place have one source and one destination, and go this way together. */
  readonly legs?: readonly Leg[];
}
