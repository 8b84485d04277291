/**
 * The operator's own queries (ReplicationLagQuery, Detect...Query). They go out with the probe, last, so that one that
 * fails or hangs leaves the rest of the report whole; it is then named among what could not be seen. Once all else is in
 * they have a short time together: a table that somebody locked must not blind us to a healthy primary. One that exceeds
 * it costs the connection, whose answers would be out of step, and is asked ever less often. Lag is asked at each probe;
 * the others speak of how an installation is laid out, which people change and traffic does not, so they are asked anew
 * only as often as SLOW_MS says.
 */
import type { Detected } from '../../../core/topology/report.js';
import type { BlindSpot } from '../../../core/topology/server.js';
import { cellText, type ResultSet } from '../connection/link.js';
import type { ProbeStatement, StatementName } from './probe-statements.js';

export interface Questions {
  /** ReplicationLagQuery; '' when there is none, here and below. */
  readonly lag: string;
  readonly detect: { readonly [K in keyof Detected]: string };
  /** ReplicationCredentialsQuery is configured, so the server need not be asked whether it shows its account. */
  readonly replicationAccountIsKnown: boolean;
  /** DiscoverByShowSlaveHosts: as long as any replica states report_host, those that state none are not looked for. */
  readonly onlyReportedReplicas: boolean;
  /** MySQLConnectionLifetimeSeconds; 0: for ever. */
  readonly connectionLifetimeMs: number;
}

export const NO_QUESTIONS: Questions = {
  lag: '',
  detect: {
    clusterAlias: '',
    clusterDomain: '',
    instanceAlias: '',
    promotionRule: '',
    dataCenter: '',
    region: '',
    environment: '',
    semiSyncEnforced: '',
  },
  replicationAccountIsKnown: false,
  onlyReportedReplicas: false,
  connectionLifetimeMs: 0,
};

/** The keys as an operator knows them. */
const KEYS: { readonly [K in keyof Detected]: string } = {
  clusterAlias: 'DetectClusterAliasQuery',
  clusterDomain: 'DetectClusterDomainQuery',
  instanceAlias: 'DetectInstanceAliasQuery',
  promotionRule: 'DetectPromotionRuleQuery',
  dataCenter: 'DetectDataCenterQuery',
  region: 'DetectRegionQuery',
  environment: 'DetectPhysicalEnvironmentQuery',
  semiSyncEnforced: 'DetectSemiSyncEnforcedQuery',
};

export const DETECT_NAMES = Object.keys(KEYS) as readonly (keyof Detected)[];

export function questionStatements(questions: Questions): readonly ProbeStatement[] {
  const asked: ProbeStatement[] = [];
  if (questions.lag !== '') asked.push(question('lag', questions.lag, 'ReplicationLagQuery', 'each'));
  for (const name of DETECT_NAMES) {
    const sql = questions.detect[name];
    if (sql !== '') asked.push(question(`detect ${name}`, sql, KEYS[name], 'slow'));
  }
  return asked;
}

function question(name: StatementName, sql: string, key: string, pace: ProbeStatement['pace']): ProbeStatement {
  const mend = `correct ${key}, or give the account the right to read what it reads`;
  return { name, sql, shows: `the answer of ${key}`, right: null, pace, isQuestion: true, mend };
}

export function detectedIn(sets: ReadonlyMap<StatementName, ResultSet>): Detected {
  const text = (name: keyof Detected): string | null => firstCell(sets.get(`detect ${name}`));
  return {
    clusterAlias: text('clusterAlias'),
    clusterDomain: text('clusterDomain'),
    instanceAlias: text('instanceAlias'),
    promotionRule: text('promotionRule'),
    dataCenter: text('dataCenter'),
    region: text('region'),
    environment: text('environment'),
    semiSyncEnforced: numberIn(text('semiSyncEnforced')),
  };
}

/** Neither a number nor NULL, which says that the lag is unknown. */
export function isNoLag(set: ResultSet): boolean {
  const text = firstCell(set);
  return text !== null && numberIn(text) === null;
}

export function lagBlindSpots(answer: ResultSet | undefined): readonly BlindSpot[] {
  if (answer === undefined || !isNoLag(answer)) return [];
  const mend = 'correct ReplicationLagQuery: the first column of its first row is to be the lag in seconds';
  return [{ what: 'the answer of ReplicationLagQuery', error: 'it answers with what is no number', mend }];
}

/** Null for no row, NULL and what is no number. */
export function lagIn(set: ResultSet | undefined): number | null {
  const lag = numberIn(firstCell(set));
  return lag === null ? null : Math.max(0, Math.round(lag));
}

function firstCell(set: ResultSet | undefined): string | null {
  const cell = set?.rows[0]?.[0];
  return cell === undefined || cell === null ? null : cellText(cell);
}

function numberIn(text: string | null): number | null {
  if (text === null || text.trim() === '') return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}
