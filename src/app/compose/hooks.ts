/** The operator's commands, from the configuration to whoever runs them. */
import { hostname } from 'node:os';
import { ProcessHookRunner } from '../../adapters/hooks/process-hook-runner.js';
import type { HookList } from '../../core/recovery/hook-terms.js';
import type { HookRunner } from '../../runtime/ports/hooks.js';
import type { Config } from '../config/config.js';
import type { Log } from '../log.js';

export function hookRunner({ hooks }: Config, log: Log): HookRunner {
  const names = Object.keys(hooks.lists) as HookList[];
  return new ProcessHookRunner({
    ...hooks,
    lists: new Map(names.map((list) => [list, hooks.lists[list].map((line) => line.reveal())])),
    hostname: hostname(),
    environment: process.env,
    log,
  });
}
