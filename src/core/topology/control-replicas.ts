/**
 * Which replicas stand for a whole cluster? A tool that changes a schema piece by piece looks at their lag and waits: they
 * must be few, or it asks all day, and where lag is felt first, or it runs on while a branch of the tree falls behind.
 */
import type { ServerId } from './server.js';

export interface TreePlace {
  readonly id: ServerId;
  /** 0 for the primary. */
  readonly depth: number;
  readonly source: ServerId | null;
  readonly dataCenter: string;
  /** How many replicate from it. */
  readonly replicas: number;
  /** Null when unknown: such a leaf tells nothing and comes last. */
  readonly lagSeconds: number | null;
  /** Seen lately, no binlog server, not left out by configuration. */
  readonly usable: boolean;
  /** Could be the source of others, in the row format: binary log on, with what it replicates. */
  readonly logsRows: boolean;
}

/** Of each data centre, and below each intermediate source. */
const AT_MOST = 2;

/**
 * The incumbent's choice: below the primary the busiest intermediate sources, then the leaves that lag most; below each of
 * those its busiest replicas; and of the third level the busiest.
 */
export function controlReplicas(places: readonly TreePlace[]): readonly TreePlace[] {
  const usable = places.filter((place) => place.usable);
  const first = perDataCenter(usable.filter(({ depth }) => depth === 1).sort(busiestThenMostLagging));
  const second = first
    .filter(({ replicas }) => replicas > 0)
    .flatMap(({ id }) =>
      usable
        .filter(({ source }) => source === id)
        .sort(busiestThenMostLagging)
        .slice(0, AT_MOST),
    );
  const third = perDataCenter(usable.filter(({ depth }) => depth === 3).sort(busiestThenMostLagging));
  return [...new Set([...first, ...second, ...third])];
}

/** Replicas that gh-ost can read changes from, those that others depend on least first. */
export function rowLoggingReplicas(places: readonly TreePlace[]): readonly TreePlace[] {
  return places
    .filter(({ depth, usable, logsRows }) => depth > 0 && usable && logsRows)
    .sort((one, other) => one.replicas - other.replicas);
}

/** The lag of a cluster is that of the worst of its control replicas; null when none of them has one that is known. */
export function heuristicLagSeconds(places: readonly TreePlace[]): number | null {
  const known = controlReplicas(places).flatMap(({ lagSeconds }) => lagSeconds ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

function busiestThenMostLagging(one: TreePlace, other: TreePlace): number {
  return other.replicas - one.replicas || (other.lagSeconds ?? -1) - (one.lagSeconds ?? -1);
}

function perDataCenter(sorted: readonly TreePlace[]): readonly TreePlace[] {
  const taken = new Map<string, number>();
  return sorted.filter(({ dataCenter }) => {
    const before = taken.get(dataCenter) ?? 0;
    taken.set(dataCenter, before + 1);
    return before < AT_MOST;
  });
}
