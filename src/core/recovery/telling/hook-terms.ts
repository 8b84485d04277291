/** The words in which hooks are spoken of: the lists of an operator's commands, and what a command is told. See hooks.ts. */
import type { ServerId } from '../../topology/server.js';

export type HookList =
  | 'on-detection'
  | 'before-takeover'
  | 'before-failover'
  | 'after-primary'
  | 'after-intermediate'
  | 'after-success'
  | 'after-failure'
  | 'after-takeover'
  | 'after-role-swap';

/** The keys of the configuration, by which operators know the lists. */
export const HOOK_KEYS: Readonly<Record<HookList, string>> = {
  'on-detection': 'OnFailureDetectionProcesses',
  'before-takeover': 'PreGracefulTakeoverProcesses',
  'before-failover': 'PreFailoverProcesses',
  'after-primary': 'PostMasterFailoverProcesses',
  'after-intermediate': 'PostIntermediateMasterFailoverProcesses',
  'after-success': 'PostFailoverProcesses',
  'after-failure': 'PostUnsuccessfulFailoverProcesses',
  'after-takeover': 'PostGracefulTakeoverProcesses',
  'after-role-swap': 'PostTakeMasterProcesses',
};

/** The first command of such a list that fails ends it, and what it stands before does not happen. */
export const HOLDING_BACK: ReadonlySet<HookList> = new Set(['on-detection', 'before-takeover', 'before-failover']);

/** What the role of the failed server was. */
export type FailedRole = 'primary' | 'co-primary' | 'intermediate' | 'group-member';

/** What a command is told of the failure; addresses as `host:port`. */
export interface HookFacts {
  readonly failureType: string;
  readonly description: string;
  readonly role: FailedRole;
  /** The command of the incumbent with which an operator asked for it; '' when nobody did. */
  readonly command: string;
  readonly failed: HookAddress;
  readonly clusterName: string;
  readonly clusterAlias: string;
  readonly clusterDomain: string;
  readonly replicas: readonly string[];
  readonly isDowntimed: boolean;
  readonly automaticPrimary: boolean;
  readonly automaticIntermediate: boolean;
  /** Of servers that have one. */
  readonly aliases: Readonly<Record<ServerId, string>>;
}

export interface HookAddress {
  readonly host: string;
  readonly port: number;
}

/** Part of a recovery's inputs. */
export interface HookTerms {
  readonly before: readonly HookList[];
  /** Those that may follow it, whatever comes of it, and have commands. */
  readonly after: readonly HookList[];
  readonly facts: HookFacts;
}

/** What is told when a list is run. */
export interface HookEvent {
  readonly facts: HookFacts;
  readonly recoveryId: string;
  /** From 1; more than that when an earlier leader may have run the list already. */
  readonly attempt: number;
  readonly isSuccessful: boolean;
  readonly successor: {
    readonly address: HookAddress;
    readonly alias: string;
    /** `file:position` with which its own binary log went on; null when it is not known. */
    readonly binaryLog: string | null;
  } | null;
  readonly lost: readonly string[];
}
