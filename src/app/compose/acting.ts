/** What this node acts with: sessions that change servers, the operator's commands, the stores outside. */
import { type Conceal, concealingHooks, concealingStore } from '../../runtime/concealing.js';
import type { Clock } from '../../runtime/ports/clock.js';
import type { SessionOpener } from '../../runtime/ports/mysql.js';
import type { PairStore } from '../../runtime/ports/pair-store.js';
import type { Publishing } from '../../runtime/ports/publishing.js';
import type { PublicSettings } from '../../runtime/ports/service.js';
import { ObservingHooks, ObservingSessions, ObservingStore } from '../../runtime/recovery/observing.js';
import type { HookParts } from '../../runtime/recovery/recovery-parts.js';
import type { ReplicatedLedger } from '../../runtime/replicated-ledger.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';
import { hookParts } from './hooks.js';
import type { MysqlSide } from './mysql.js';
import { publisherOf } from './publishing.js';
import type { RaftSide } from './raft.js';

export interface Acting {
  readonly sessions: SessionOpener;
  readonly hooks: HookParts;
  readonly publishing: Publishing;
}

export interface ActingParts {
  readonly live: LiveConfig;
  readonly mysql: MysqlSide;
  readonly raft: RaftSide;
  readonly log: Log;
  readonly conceal: Conceal;
}

export function openActing(
  { live, mysql, raft, log, conceal }: ActingParts,
  settings: PublicSettings,
  ledger: ReplicatedLedger,
  clock: Clock,
): Acting {
  const observes = (): boolean => live.config.observesOnly;
  const hooks = hookParts(
    live,
    log,
    settings,
    (runner) => new ObservingHooks(concealingHooks(runner, conceal), observes, log),
  );
  const guarded = (store: PairStore): PairStore => new ObservingStore(concealingStore(store, conceal), observes);
  return {
    sessions: new ObservingSessions(mysql.sessions, observes),
    hooks,
    publishing: publisherOf(live, guarded, { log, ledger, consensus: raft.consensus, clock }),
  };
}
