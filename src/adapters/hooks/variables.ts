/**
 * What a command is told, in the incumbent's words and in its order: placeholders in the command line and variables of the
 * environment. Scripts of years go by these names, misleading ones included.
 */
import type { FailedRole, HookAddress, HookEvent } from '../../core/recovery/telling/hook-terms.js';

export interface HookVariables {
  /** Name without its braces, and value. Of the successor only where there is one: else they stay in the text. */
  readonly placeholders: readonly (readonly [string, string])[];
  readonly environment: readonly (readonly [string, string])[];
}

const INSTANCE_TYPES: Readonly<Record<FailedRole, string>> = {
  'co-primary': 'co-master',
  'group-member': 'group-member',
  primary: 'master',
  intermediate: 'intermediate-master',
};

export function hookVariables(event: HookEvent, orchestratorHost: string): HookVariables {
  const told = toldOf(event, orchestratorHost);
  return {
    placeholders: [...placeholdersBefore(told), ...successorPlaceholders(event), ...placeholdersAfter(told)],
    environment: [...environmentOf(told), ...successorEnvironment(event), ...ourEnvironment(event)],
  };
}

/** Everything as text, once. */
interface Told {
  readonly event: HookEvent;
  readonly instanceType: string;
  readonly isPrimary: string;
  readonly isCoPrimary: string;
  readonly countReplicas: string;
  readonly replicas: string;
  readonly lost: string;
  readonly host: string;
}

function toldOf(event: HookEvent, host: string): Told {
  const { role, replicas } = event.facts;
  return {
    event,
    instanceType: INSTANCE_TYPES[role],
    isPrimary: String(role === 'primary' || role === 'co-primary'),
    isCoPrimary: String(role === 'co-primary'),
    countReplicas: String(replicas.length),
    replicas: replicas.join(','),
    lost: event.lost.join(','),
    host,
  };
}

function placeholdersBefore(told: Told): readonly (readonly [string, string])[] {
  const { facts, recoveryId, isSuccessful } = told.event;
  return [
    ['failureType', facts.failureType],
    ['instanceType', told.instanceType],
    ['isMaster', told.isPrimary],
    ['isCoMaster', told.isCoPrimary],
    ['failureDescription', facts.description],
    ['command', facts.command],
    ['failedHost', facts.failed.host],
    ['failedPort', String(facts.failed.port)],
    ['failureCluster', facts.clusterName],
    ['failureClusterAlias', facts.clusterAlias],
    ['failureClusterDomain', facts.clusterDomain],
    ['countSlaves', told.countReplicas],
    ['countReplicas', told.countReplicas],
    ['isDowntimed', String(facts.isDowntimed)],
    ['autoMasterRecovery', String(facts.automaticPrimary)],
    ['autoIntermediateMasterRecovery', String(facts.automaticIntermediate)],
    ['orchestratorHost', told.host],
    ['recoveryUID', recoveryId],
    ['isSuccessful', String(isSuccessful)],
  ];
}

function successorPlaceholders({ successor }: HookEvent): readonly (readonly [string, string])[] {
  if (successor === null) return [];
  return [
    ['successorHost', successor.address.host],
    ['successorPort', String(successor.address.port)],
    ...(successor.binaryLog === null ? [] : [['successorBinlogCoordinates', successor.binaryLog] as const]),
    ['successorAlias', successor.alias],
  ];
}

function placeholdersAfter({ event, lost, replicas }: Told): readonly (readonly [string, string])[] {
  return [
    ['lostSlaves', lost],
    ['lostReplicas', lost],
    ['countLostReplicas', String(event.lost.length)],
    ['slaveHosts', replicas],
    ['replicaHosts', replicas],
  ];
}

function environmentOf(told: Told): readonly (readonly [string, string])[] {
  const { facts, recoveryId, isSuccessful } = told.event;
  return [
    ['ORC_FAILURE_TYPE', facts.failureType],
    ['ORC_INSTANCE_TYPE', told.instanceType],
    ['ORC_IS_MASTER', told.isPrimary],
    ['ORC_IS_CO_MASTER', told.isCoPrimary],
    ['ORC_FAILURE_DESCRIPTION', facts.description],
    ['ORC_COMMAND', facts.command],
    ['ORC_FAILED_HOST', facts.failed.host],
    ['ORC_FAILED_PORT', String(facts.failed.port)],
    ['ORC_FAILURE_CLUSTER', facts.clusterName],
    ['ORC_FAILURE_CLUSTER_ALIAS', facts.clusterAlias],
    ['ORC_FAILURE_CLUSTER_DOMAIN', facts.clusterDomain],
    ['ORC_COUNT_REPLICAS', told.countReplicas],
    ['ORC_IS_DOWNTIMED', String(facts.isDowntimed)],
    ['ORC_AUTO_MASTER_RECOVERY', String(facts.automaticPrimary)],
    ['ORC_AUTO_INTERMEDIATE_MASTER_RECOVERY', String(facts.automaticIntermediate)],
    ['ORC_ORCHESTRATOR_HOST', told.host],
    ['ORC_IS_SUCCESSFUL', String(isSuccessful)],
    ['ORC_LOST_REPLICAS', told.lost],
    ['ORC_REPLICA_HOSTS', told.replicas],
    ['ORC_RECOVERY_UID', recoveryId],
  ];
}

function successorEnvironment({ successor }: HookEvent): readonly (readonly [string, string])[] {
  if (successor === null) return [];
  return [
    ['ORC_SUCCESSOR_HOST', successor.address.host],
    ['ORC_SUCCESSOR_PORT', String(successor.address.port)],
    ['ORC_SUCCESSOR_BINLOG_COORDINATES', successor.binaryLog ?? ''],
    ['ORC_SUCCESSOR_ALIAS', successor.alias],
  ];
}

/** The incumbent has none like it, because it never runs a list twice: its leader's death loses the recovery. */
function ourEnvironment({ attempt }: HookEvent): readonly (readonly [string, string])[] {
  return [['ORC_RECOVERY_ATTEMPT', String(attempt)]];
}

/** take-master tells its hooks two addresses, in the environment and as arguments, and nothing else. */
export function roleSwap(
  successor: HookAddress,
  demoted: HookAddress,
): { environment: HookVariables['environment']; args: readonly string[] } {
  const args = [successor, demoted].map(({ host, port }) => `${host}:${String(port)}`);
  const [to = '', from = ''] = args;
  return {
    environment: [
      ['ORC_SUCCESSOR_HOST', to],
      ['ORC_FAILED_HOST', from],
    ],
    args,
  };
}
