/** What the diagnosis tells the rest of the node, all of it each time. */
import type { Problem, StructureCode } from '../../core/analysis/problem.js';
import type { ServerId } from '../../core/topology/server.js';

export interface Findings {
  /** Gravest first; a server has at most one. */
  readonly problems: readonly Problem[];
  readonly structure: ReadonlyMap<ServerId, readonly StructureCode[]>;
}
