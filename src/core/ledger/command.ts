/**
 * Everything that may be committed. A command says what was seen, asked or decided, never how to find out: applying it
 * needs no clock, no network and no luck. `atMs` is the leader's wall clock when it proposed.
 */
import type { Detection } from '../recovery/telling/detections.js';
import type { Recovery, RecoveryId, Verdict } from '../recovery/recovery.js';
import type { NumberedStep, StepOutcome } from '../recovery/step.js';
import type { Address } from '../topology/address.js';
import type { ClusterId, PromotionRule, ServerFacts, ServerId } from '../topology/server.js';
import type { KeptAnswer, SharedIdentity, Silence, Tag } from './records.js';
import type { Demotion, Downtime, Incident, NodeRecord, Target } from './state.js';

export interface ServerObserved {
  readonly id: ServerId;
  readonly address: Address;
  readonly facts: ServerFacts;
}

interface Stamped {
  readonly atMs: number;
}

/** What the leader does about servers that it knows: their addresses, their silence, their end. */
export type KeepingCommand =
  /** On somebody's word: it sticks. Servers by id, with all their addresses; addresses at which nobody ever answered. */
  | {
      readonly kind: 'servers-forgotten';
      readonly servers: readonly ServerId[];
      readonly addresses: readonly Address[];
      readonly by: string;
    }
  | { readonly kind: 'forgetting-lifted'; readonly keys: readonly string[]; readonly by: string }
  /** Not seen for as long as UnseenInstanceForgetHours says: whoever names them brings them back. */
  | { readonly kind: 'servers-expired'; readonly servers: readonly ServerId[]; readonly addresses: readonly Address[] }
  | {
      readonly kind: 'silence-changed';
      readonly silent: readonly Silence[];
      readonly answering: readonly ServerId[];
    }
  | {
      readonly kind: 'servers-readdressed';
      readonly moves: readonly { readonly server: ServerId; readonly address: Address; readonly why: string }[];
      /** Another server answers where `former` did, which is nowhere else to be found. */
      readonly replaced: readonly { readonly former: ServerId; readonly by: ServerId }[];
    }
  | {
      readonly kind: 'identities-shared';
      readonly shared: readonly Omit<SharedIdentity, 'sinceMs'>[];
      /** Addresses at which nobody has another's identity any more. */
      readonly settled: readonly Address[];
    }
  | { readonly kind: 'topologies-recorded' }
  /** AuditPurgeDays: what ended before is not kept any longer. */
  | { readonly kind: 'history-purged'; readonly beforeMs: number }
  /** Nothing but the stamp: what has reached its end by now ends. */
  | { readonly kind: 'time-passed' };

/** What operators say about servers. */
export type LabelCommand =
  | {
      readonly kind: 'candidate-registered';
      readonly server: ServerId;
      readonly rule: PromotionRule;
      readonly by: string;
      readonly lifetimeMs: number;
    }
  | { readonly kind: 'tag-put'; readonly server: ServerId; readonly tag: Tag; readonly by: string }
  | {
      readonly kind: 'tags-removed';
      readonly servers: readonly ServerId[];
      readonly name: string;
      /** Null: whatever its value. */
      readonly value: string | null;
      readonly by: string;
    }
  | {
      readonly kind: 'pool-submitted';
      readonly pool: string;
      readonly members: readonly Address[];
      readonly by: string;
      readonly lifetimeMs: number;
    }
  | {
      readonly kind: 'unresolve-registered';
      readonly host: string;
      readonly name: string;
      readonly by: string;
      readonly lifetimeMs: number;
    }
  | { readonly kind: 'unresolve-removed'; readonly host: string; readonly by: string }
  | {
      readonly kind: 'maintenance-begun';
      readonly server: ServerId;
      readonly owner: string;
      readonly reason: string;
      readonly durationMs: number;
    }
  | { readonly kind: 'maintenance-ended'; readonly server: ServerId; readonly by: string };

/** What is told to an operator's hooks and to key-value stores. */
export type TellingCommand =
  /** Hooks are told of a failure; again with the same id and the next attempt. */
  | { readonly kind: 'detection-intended'; readonly detection: Omit<Detection, 'detectedAtMs' | 'outcome'> }
  | {
      readonly kind: 'detection-finished';
      readonly key: string;
      readonly id: string;
      readonly outcome: StepOutcome;
    }
  /** Of a recovery that is closed: what follows it, see aftermath.ts. */
  | {
      readonly kind: 'aftermath-intended';
      readonly recoveryId: RecoveryId;
      readonly term: number;
      readonly step: NumberedStep;
    }
  | {
      readonly kind: 'aftermath-finished';
      readonly recoveryId: RecoveryId;
      readonly number: number;
      readonly outcome: StepOutcome;
    };

/** What the doors of the nodes have to agree upon. */
export type DoorCommand =
  | {
      readonly kind: 'request-begun';
      readonly key: string;
      readonly attempt: string;
      readonly subject: string;
      readonly by: string;
      readonly node: string;
      readonly lifetimeMs: number;
    }
  /** Answer null: nothing was done, or nobody needs to know; the key is free again. */
  | {
      readonly kind: 'request-finished';
      readonly key: string;
      readonly attempt: string;
      readonly answer: KeptAnswer | null;
    }
  | {
      readonly kind: 'access-token-issued';
      readonly publicToken: string;
      readonly by: string;
      readonly useWithinMs: number;
      readonly lifetimeMs: number;
    }
  | { readonly kind: 'access-token-acquired'; readonly publicToken: string; readonly secretDigest: string };

export type Command = Stamped &
  (
    | KeepingCommand
    | LabelCommand
    | TellingCommand
    | DoorCommand
    | { readonly kind: 'topology-observed'; readonly servers: readonly ServerObserved[] }
    | { readonly kind: 'targets-added'; readonly targets: readonly Omit<Target, 'addedAtMs'>[] }
    | { readonly kind: 'server-forgotten'; readonly address: Address }
    | { readonly kind: 'incident-opened'; readonly incident: Incident }
    | { readonly kind: 'canary-used'; readonly server: ServerId; readonly canary: ServerId }
    | { readonly kind: 'incident-closed'; readonly server: ServerId; readonly reason: string }
    | { readonly kind: 'recovery-opened'; readonly recovery: Recovery }
    | {
        readonly kind: 'steps-intended';
        readonly recoveryId: RecoveryId;
        readonly term: number;
        readonly steps: readonly NumberedStep[];
      }
    | {
        readonly kind: 'step-finished';
        readonly recoveryId: RecoveryId;
        readonly number: number;
        readonly outcome: StepOutcome;
      }
    | { readonly kind: 'promoting'; readonly recoveryId: RecoveryId; readonly server: ServerId; readonly epoch: number }
    | {
        readonly kind: 'recovery-closed';
        readonly recoveryId: RecoveryId;
        readonly verdict: Verdict;
        readonly lost: Recovery['lost'];
      }
    | { readonly kind: 'recovery-cancelled'; readonly recoveryId: RecoveryId; readonly by: string }
    | {
        readonly kind: 'recovery-acknowledged';
        readonly recoveryId: RecoveryId;
        readonly by: string;
        readonly comment: string;
      }
    | {
        readonly kind: 'demotion-changed';
        readonly server: ServerId;
        readonly state: Demotion['state'];
        readonly extraGtids: string;
      }
    | { readonly kind: 'downtime-begun'; readonly downtime: Downtime }
    | { readonly kind: 'downtime-ended'; readonly server: ServerId }
    | { readonly kind: 'brake-applied'; readonly reason: string }
    | { readonly kind: 'brake-released'; readonly by: string }
    | { readonly kind: 'recoveries-switched'; readonly enabled: boolean; readonly by: string }
    | { readonly kind: 'alias-set'; readonly clusterId: ClusterId; readonly alias: string }
    | { readonly kind: 'node-announced'; readonly node: NodeRecord }
    | {
        readonly kind: 'noted';
        readonly server: ServerId | null;
        readonly clusterId: ClusterId | null;
        readonly topic: string;
        readonly text: string;
      }
  );
