/** The operator's commands, from the configuration to whoever runs them. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ProcessHookRunner } from '../../adapters/hooks/process-hook-runner.js';
import type { HookList } from '../../core/recovery/telling/hook-terms.js';
import type { HookRunner } from '../../runtime/ports/hooks.js';
import type { PublicSettings } from '../../runtime/ports/service.js';
import type { HookParts } from '../../runtime/recovery/recovery-parts.js';
import type { Config } from '../config/config.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';

export function hookParts(
  live: LiveConfig,
  log: Log,
  settings: PublicSettings,
  around: (runner: HookRunner) => HookRunner,
): HookParts {
  const now = live.following(({ hooks, recovery }) => ({
    ...hooks,
    lists: linesOf(hooks.lists),
    hostname: hostname(),
    environment: process.env,
    directory: join(live.config.raft.dataDir, 'hooks'),
    log,
    detectionBlockMs: recovery.detectionBlockMs,
  }));
  return {
    runner: around(new ProcessHookRunner(now)),
    get detectionBlockMs() {
      return now.detectionBlockMs;
    },
    automatic: (cluster) => ({
      primary: settings.automaticPrimaryRecovery(cluster),
      intermediate: settings.automaticIntermediateRecovery(cluster),
    }),
  };
}

function linesOf(lists: Config['hooks']['lists']): ReadonlyMap<HookList, readonly string[]> {
  const names = Object.keys(lists) as HookList[];
  return new Map(names.map((list) => [list, lists[list].map((line) => line.reveal())]));
}
