/** Everything that the loop needs from outside, in one place for whoever wires it. */
import type { ClusterRules } from '../../core/analysis/ground.js';
import type { DiagnosisSettings, JudgementLimits } from '../../core/analysis/limits.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Clock } from '../ports/clock.js';
import type { Prober } from '../ports/mysql.js';
import type { Peers } from '../ports/peers.js';
import type { Sightings } from '../probing/sightings.js';
import type { CanaryOrder } from './canary-runner.js';
import type { Findings } from './findings.js';
import type { LedgerDoor } from './incident-keeper.js';
import type { Pace } from './limits.js';

export interface LoopParts {
  /** This node's id, as it is in the list of voters. */
  readonly self: string;
  readonly clock: Clock;
  readonly prober: Pick<Prober, 'knock' | 'probe' | 'onConnectionLost'>;
  readonly peers: Pick<Peers, 'examine' | 'reportLost'>;
  readonly ledger: LedgerDoor;
  /** What was seen, of which `noticeProbe` tells the news. */
  readonly sightings: Sightings;
  readonly settings: DiagnosisSettings;
  readonly limits: JudgementLimits;
  readonly pace: Pace;
  readonly rules: ClusterRules;
  /** All configured voters, whether they are up or not; while a change of membership runs, the old and the new ones. */
  voters(): readonly string[];
  /** Who leads, as far as this node knows. */
  leader(): string | null;
  /** The data centre of a node of ours that was heard lately; null when it is not known. */
  siteOfNode(node: string): string | null;
  /** As leader: the first of these nodes that is up to date is to lead instead. Resolves with what came of it. */
  handOverTo(nodes: readonly string[]): Promise<string>;
  /** Which replica would be promoted if this server died now; null when none would, or when that is not known. */
  bestCandidateOf(source: ServerId): ServerId | null;
  /** No replica is to be touched, not even to know more. Absent: it may be. */
  observesOnly?(): boolean;
  /** Stops and starts the canary's IO thread, under the rules for every change of a server. */
  restartCanary(order: CanaryOrder): Promise<void>;
  /** In the turn in which a verdict changed, and about once a second so that ages are fresh. */
  onProblems(findings: Findings): void;
  /**
   * The loop has probed. Whoever takes in all probes gets this one too, drops it if the server was changed meanwhile, and
   * otherwise hands it back through `noticeProbe`, like any other.
   */
  onProbed(result: ProbeResult): void;
  log(level: 'debug' | 'info' | 'warn', text: string): void;
}
