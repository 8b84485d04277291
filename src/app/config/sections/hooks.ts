/** The operator's commands, from the incumbent's keys to our lists. */
import type { HooksConfig } from '../config.js';
import type { Values } from '../keys/keys.js';

export function readHooks(values: Values): HooksConfig {
  return {
    shell: values.ProcessesShellCommand || 'bash',
    lists: {
      'on-detection': values.OnFailureDetectionProcesses,
      'before-takeover': values.PreGracefulTakeoverProcesses,
      'before-failover': values.PreFailoverProcesses,
      'after-primary': values.PostMasterFailoverProcesses,
      'after-intermediate': values.PostIntermediateMasterFailoverProcesses,
      'after-success': values.PostFailoverProcesses,
      'after-failure': values.PostUnsuccessfulFailoverProcesses,
      'after-takeover': values.PostGracefulTakeoverProcesses,
      'after-role-swap': values.PostTakeMasterProcesses,
    },
    holdingBackMs: values.PreHookTimeoutSeconds * 1000,
    followingMs: values.PostHookTimeoutSeconds * 1000,
  };
}
