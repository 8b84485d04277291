/**
 * Settings that are each right and wrong together: the incumbent's fatal combinations, old and new names that contradict
 * each other, and what would leave a node without a door.
 */
import { canTakeForEver } from '../../core/base/endless-pattern.js';
import { overlap } from './sections/endpoints.js';
import type { Findings } from './findings.js';
import type { Given } from './given.js';
import type { Values } from './keys/keys.js';

export function checkRules(given: Given, findings: Findings): void {
  checkDoors(given.values, findings);
  checkSynonyms(given, findings);
  checkCombinations(given, findings);
  checkPorts(given, findings);
  checkPatterns(given.values, findings);
}

/** What would leave a node without a door for the others. */
function checkDoors(values: Values, findings: Findings): void {
  const hasOthers = values.RaftEnabled && (values.RaftNodes.length > 1 || values.RaftJoin);
  if (values.ListenSocket !== '' && hasOthers && values.HTTPAdvertise === '') {
    findings.fault(
      'HTTPAdvertise',
      'nothing was given, and with ListenSocket the other nodes cannot pass requests on to this one; allowed: the URL of ' +
        'whatever serves that socket to them',
    );
  }
}

function checkSynonyms({ values, changed }: Given, findings: Findings): void {
  const pairs = [
    ['SlaveLagQuery', 'ReplicationLagQuery'],
    ['PostponeSlaveRecoveryOnLagMinutes', 'PostponeReplicaRecoveryOnLagMinutes'],
  ] as const;
  for (const [old, name] of pairs) {
    if (changed.has(old) && changed.has(name) && values[old] !== values[name]) {
      findings.fault(old, `it is the old name of ${name}, and the two were given different values; keep ${name} alone`);
    }
  }
  if (changed.has('RecoveryPeriodBlockMinutes') && values.RecoveryPeriodBlockSeconds !== 0) {
    const inForce = String(values.RecoveryPeriodBlockSeconds);
    findings.warn(
      `RecoveryPeriodBlockMinutes has no effect, because RecoveryPeriodBlockSeconds (${inForce}) is not 0; write the time there`,
    );
  }
}

function checkCombinations({ values, named }: Given, findings: Findings): void {
  if (values.FailMasterPromotionIfSQLThreadNotUpToDate && values.DelayMasterPromotionIfSQLThreadNotUpToDate) {
    findings.fault(
      'FailMasterPromotionIfSQLThreadNotUpToDate',
      'true was given here and for DelayMasterPromotionIfSQLThreadNotUpToDate; allowed: one of the two',
    );
  }
  const lagQuery = values.ReplicationLagQuery !== '' || values.SlaveLagQuery !== '';
  if (values.FailMasterPromotionOnLagMinutes > 0 && !lagQuery) {
    const given = String(values.FailMasterPromotionOnLagMinutes);
    findings.fault(
      'FailMasterPromotionOnLagMinutes',
      `${given} was given without ReplicationLagQuery, by which the lag is found; allowed: 0 without it`,
    );
  }
  if (values.DeadInstancePollSecondsMultiplyFactor < 1) {
    const given = String(values.DeadInstancePollSecondsMultiplyFactor);
    findings.fault('DeadInstancePollSecondsMultiplyFactor', `${given} was given; allowed: 1 or more`);
  }
  if (named.has('DeadInstancePollSecondsMax') && values.DeadInstancePollSecondsMax < values.InstancePollSeconds) {
    const given = String(values.DeadInstancePollSecondsMax);
    findings.fault(
      'DeadInstancePollSecondsMax',
      `${given} was given; allowed: InstancePollSeconds (${String(values.InstancePollSeconds)}) or more`,
    );
  }
}

function checkPorts({ values, named }: Given, findings: Findings): void {
  if (values.ListenSocket === '' && overlap(values.ListenAddress, values.GRPCListenAddress)) {
    findings.fault(
      'GRPCListenAddress',
      `port ${String(values.GRPCListenAddress.port)} is ListenAddress's; allowed: a port of its own`,
    );
  }
  const agentPort = /:(\d+)$/.exec(values.AgentsServerPort)?.[1];
  if (named.has('AgentsServerPort') && agentPort === String(values.GRPCListenAddress.port)) {
    findings.warn(
      `port ${agentPort}, AgentsServerPort of the incumbent, serves the gRPC API here; agents that still call it get no ` +
        'answer they understand. GRPCListenAddress moves the gRPC API elsewhere',
    );
  }
}

/** No fault: the incumbent, which matches in another way, has no trouble with them. */
function checkPatterns(values: Values, findings: Findings): void {
  for (const [name, value] of Object.entries(values)) {
    for (const pattern of patternsIn(value)) {
      if (!canTakeForEver(pattern)) continue;
      findings.warn(
        `${name}: "${pattern.source}" could take for ever on a name that does not fit it, and this node would do nothing else ` +
          'meanwhile: a group in it is repeated that can take the same letters in several ways. Repeat a character or a [class]',
      );
    }
  }
}

/** Alone, in a list, or as part of what a setting consists of. */
function patternsIn(value: unknown): readonly RegExp[] {
  if (value instanceof RegExp) return [value];
  if (Array.isArray(value)) return value.flatMap(patternsIn);
  return typeof value === 'object' && value !== null && 'pattern' in value ? patternsIn(value.pattern) : [];
}
