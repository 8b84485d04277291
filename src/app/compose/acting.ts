/** What this node acts with: sessions that change servers, the operator's commands, the stores outside. */
import type { PublicSettings } from '../../runtime/ports/service.js';
import type { HookParts } from '../../runtime/recovery/recovery-parts.js';
import type { SessionOpener } from '../../runtime/ports/mysql.js';
import { NO_PUBLISHING, type Publishing } from '../../runtime/ports/publishing.js';
import { ObservingHooks, ObservingSessions, observingPublishing } from '../../runtime/recovery/observing.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';
import { hookParts } from './hooks.js';
import type { MysqlSide } from './mysql.js';

export interface Acting {
  readonly sessions: SessionOpener;
  readonly hooks: HookParts;
  readonly publishing: Publishing;
}

export interface ActingParts {
  readonly live: LiveConfig;
  readonly mysql: MysqlSide;
  readonly log: Log;
  readonly settings: PublicSettings;
}

export function openActing({ live, mysql, log, settings }: ActingParts): Acting {
  const observes = (): boolean => live.config.observesOnly;
  // A list that is being run goes on as it was begun.
  const hooks = live.following((config) => {
    const parts = hookParts(config, log, settings);
    return { ...parts, runner: new ObservingHooks(parts.runner, observes, log) };
  });
  return {
    sessions: new ObservingSessions(mysql.sessions, observes),
    hooks,
    publishing: observingPublishing(NO_PUBLISHING, observes),
  };
}
