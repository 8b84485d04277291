/** From an answer to the lines that the incumbent's client prints. Keys of nothing are printed as it prints them too. */
import { type ApiAnswer, field, listOf, oneLine, textOf } from './answer.js';
import type { Given } from './given.js';
import { planLines } from './plan-lines.js';
import { wayBackLines, waysBackLines } from './ways-back-lines.js';

export type Printer = (answer: ApiAnswer, given: Given) => readonly string[];

/** `host:port`; `:null` of nothing. */
export function keyText(key: unknown): string {
  return `${textOf(field(key, 'Hostname') ?? '')}:${textOf(field(key, 'Port') ?? null)}`;
}

function keyOf(instance: unknown): string {
  return keyText(field(instance, 'Key'));
}

export const printers = {
  nothing: () => [],
  key: ({ payload }) => [keyText(payload)],
  keys: ({ payload }) => listOf(payload).map(keyText),
  instance: ({ payload }) => [keyOf(payload)],
  instances: ({ payload }) => listOf(payload).map(keyOf),
  /** The incumbent gives the destination's key for some bulk moves and a list of servers for others. */
  moved: ({ payload }) => (Array.isArray(payload) ? listOf(payload).map(keyOf) : [keyText(payload)]),
  source: ({ payload }) => [keyText(field(payload, 'MasterKey'))],
  instanceBelowSource: ({ payload }) => [`${keyOf(payload)}<${keyText(field(payload, 'MasterKey'))}`],
  eachBelowSource: ({ payload }) =>
    listOf(payload).map((instance) => `${keyOf(instance)}<${keyText(field(instance, 'MasterKey'))}`),
  text: ({ payload }) => [textOf(payload)],
  message: ({ message }) => [message],
  /** A tree; a terminal may show it in colours. */
  topology: ({ payload }) => [textOf(payload)],
  texts: ({ payload }) => listOf(payload).map(textOf),
  json: ({ payload }) => [oneLine(payload)],
  plan: planLines,
  successor: ({ payload }) => [keyText(field(payload, 'SuccessorKey'))],
  /** `true` stands in the message when the one can replicate from the other. */
  keyIfTrue: ({ payload, message }) => (message.includes('true') ? [keyText(payload)] : []),
  keyGiven: (_answer, given) => [given.instance],
  clusterName: ({ payload }) => [textOf(field(payload, 'ClusterName') ?? null)],
  clusterAlias: ({ payload }) => [textOf(field(payload, 'ClusterAlias') ?? null)],
  clusterNames: ({ payload }) => listOf(payload).map((info) => textOf(field(info, 'ClusterName') ?? null)),
  clusterNamesAndAliases: ({ payload }) =>
    listOf(payload).map((info) => `${textOf(field(info, 'ClusterName'))},${textOf(field(info, 'ClusterAlias'))}`),
  errantGtids: ({ payload }) => [textOf(field(payload, 'GtidErrant') ?? '')],
  brokenReplicas: ({ payload }) => listOf(payload).filter(isBroken).map(keyOf),
  runningReplicas: ({ payload }) => listOf(payload).filter(bothRun).map(keyOf),
  ifReplicating: ({ payload }) => (threadStates(payload).every((state) => state === 1) ? [keyOf(payload)] : []),
  ifStopped: ({ payload }) => (threadStates(payload).every((state) => state === 0) ? [keyOf(payload)] : []),
  keyValues: ({ payload }) =>
    listOf(payload).map((pair) => `${textOf(field(pair, 'Key'))}:${textOf(field(pair, 'Value'))}`),
  promotionRules: ({ payload }) =>
    listOf(payload).map((one) => `${keyText(one)} ${textOf(field(one, 'PromotionRule'))}`),
  forgotten: ({ payload }) => listOf(payload).map((one) => listOf(field(one, 'Addresses')).map(keyText).join(',')),
  sharedIdentities: ({ payload }) =>
    listOf(payload).map((one) => {
      const servers = `${keyText(field(one, 'Key'))} and ${keyText(field(one, 'Copy'))}`;
      return `${servers} are both ${textOf(field(one, 'ServerUUID'))}: ${textOf(field(one, 'Detail'))}`;
    }),
  blocked: ({ payload }) =>
    listOf(payload).map((one) => {
      const failure = `${keyText(field(one, 'FailedInstanceKey'))} ${textOf(field(one, 'Analysis'))}`;
      const until = `blocked until ${textOf(field(one, 'BlockedUntilTimestamp'))} by recovery ${textOf(field(one, 'BlockingRecoveryUID'))}`;
      const of = keyText(field(one, 'BlockingFailedInstanceKey'));
      return `${failure}: ${until} of ${of}; ${textOf(field(one, 'Acknowledge'))}`;
    }),
  audit: ({ payload }) =>
    listOf(payload).map((line) => {
      const key = keyText(field(line, 'AuditInstanceKey'));
      const about = key === ':0' ? '' : ` ${key}`;
      return `${textOf(field(line, 'AuditTimestamp'))} ${textOf(field(line, 'AuditType'))}${about}: ${textOf(field(line, 'Message'))}`;
    }),
  pictures: ({ payload }) =>
    listOf(payload).map(
      (one) =>
        `${textOf(field(one, 'atSeconds'))} ${textOf(field(one, 'at'))} ${listOf(field(one, 'clusters')).map(textOf).join(',')}`,
    ),
  /** A text that is empty is no line. */
  textIfAny: ({ payload }) => (payload === '' ? [] : [textOf(payload)]),
  waysBack: waysBackLines,
  wayBack: wayBackLines,
  problems: ({ payload }) => listOf(payload).map(problemLine),
  dominantDataCenter: ({ payload }) => dominant(listOf(payload).map((server) => textOf(field(server, 'DataCenter')))),
} as const satisfies Readonly<Record<string, Printer>>;

function threadStates(instance: unknown): readonly unknown[] {
  return [field(instance, 'ReplicationSQLThreadState'), field(instance, 'ReplicationIOThreadState')];
}

/** The names are the incumbent's, and misspelled there. */
export function bothRun(instance: unknown): boolean {
  return (
    field(instance, 'ReplicationSQLThreadRuning') === true && field(instance, 'ReplicationIOThreadRuning') === true
  );
}

export function isBroken(instance: unknown): boolean {
  const errors = [field(instance, 'LastSQLError'), field(instance, 'LastIOError')];
  return !bothRun(instance) && errors.some((error) => typeof error === 'string' && error !== '');
}

/** The first warning about its structure stands for a server that has no problem. */
function problemLine(analysis: unknown): string {
  const code = textOf(field(analysis, 'Analysis'));
  const structure = listOf(field(analysis, 'StructureAnalysis'));
  const shown = code === 'NoProblem' && structure.length > 0 ? textOf(structure[0]) : code;
  const cluster = textOf(field(field(analysis, 'ClusterDetails'), 'ClusterName'));
  return `${keyText(field(analysis, 'AnalyzedInstanceKey'))} (cluster ${cluster}): ${shown}`;
}

function dominant(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return most === undefined ? [] : [most[0]];
}
