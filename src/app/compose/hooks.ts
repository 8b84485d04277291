/** The operator's commands, from the configuration to whoever runs them. */
import { hostname } from 'node:os';
import { ProcessHookRunner } from '../../adapters/hooks/process-hook-runner.js';
import type { HookList } from '../../core/recovery/hook-terms.js';
import type { PublicSettings } from '../../runtime/ports/service.js';
import type { HookParts } from '../../runtime/recovery/recovery-parts.js';
import type { Config } from '../config/config.js';
import type { Log } from '../log.js';

export function hookParts({ hooks, recovery }: Config, log: Log, settings: PublicSettings): HookParts {
  const names = Object.keys(hooks.lists) as HookList[];
  return {
    runner: new ProcessHookRunner({
      ...hooks,
      lists: new Map(names.map((list) => [list, hooks.lists[list].map((line) => line.reveal())])),
      hostname: hostname(),
      environment: process.env,
      log,
    }),
    detectionBlockMs: recovery.detectionBlockMs,
    automatic: (cluster) => ({
      primary: settings.automaticPrimaryRecovery(cluster),
      intermediate: settings.automaticIntermediateRecovery(cluster),
    }),
  };
}
