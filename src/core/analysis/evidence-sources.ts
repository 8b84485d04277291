/** What evidence is folded from: beliefs of the cluster, this node's own eyes, and the votes of an inquiry, each named apart. */
import type { Server, ServerId } from '../topology/server.js';
import type { Judgement } from './corroborate.js';
import type { DiagnosisSettings } from './limits.js';
import type { Beliefs, Link, Links } from './links.js';
import type { Sight } from './sight.js';
import type { NodeOpinion } from './vote.js';

/** The time is the same monotonic clock as that of the sights. */
export interface EvidenceSources {
  readonly beliefs: Beliefs;
  readonly links: Links;
  readonly nowMs: number;
  readonly settings: DiagnosisSettings;
  sightOf(server: Server): Sight | null;
  /** Of the open inquiry into this server; null when there is none. */
  judgementOf(server: ServerId): Judgement | null;
  /** This node's own latest vote in it. */
  ownOpinion(server: ServerId): NodeOpinion | null;
  /** How long its binary log has stood still while it lacked acknowledgements, milliseconds; null where it lacks none. */
  binlogStillMs(server: ServerId): number | null;
  /** The primary of a committed epoch that is closed because it was restarted, within the time that operators give it. */
  closedByRestart(server: Server): boolean;
  /** Was a report that was begun then begun after the last step on the server that this node knows of? */
  isSinceLastStep(server: ServerId, startedAtMs: number): boolean;
  /** GTIDs that a replica has and its source lacks; '' when none or not known. */
  errantGtids(link: Link): string;
}
