/**
 * Everything that may be committed. A command says what was seen, asked or decided, never how to find out: applying it
 * needs no clock, no network and no luck. `atMs` is the leader's wall clock when it proposed.
 */
import type { Recovery, RecoveryId, Verdict } from '../recovery/recovery.js';
import type { NumberedStep, StepOutcome } from '../recovery/step.js';
import type { Address } from '../topology/address.js';
import type { ClusterId, ServerFacts, ServerId } from '../topology/server.js';
import type { Demotion, Downtime, Incident, NodeRecord, Target } from './state.js';

export interface ServerObserved {
  readonly id: ServerId;
  readonly address: Address;
  readonly facts: ServerFacts;
}

interface Stamped {
  readonly atMs: number;
}

export type Command = Stamped &
  (
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
