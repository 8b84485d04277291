/** Keys that name an operator's commands around recoveries, and how they are run. */
import { works } from './key.js';
import { commands, integer, seconds, text } from './kinds.js';

export const HOOK_LIST_KEYS = {
  ProcessesShellCommand: works(text, 'bash', 'The shell that runs hooks; it is given a file. See docs/hooks.md'),
  OnFailureDetectionProcesses: works(
    commands,
    [],
    'Run when a failure that a recovery answers is found, and before that recovery; the first that fails ends the list',
  ),
  FailureDetectionPeriodBlockMinutes: works(
    integer(0),
    60,
    'OnFailureDetectionProcesses are not run again for the same failure of a server for so long, minutes; an ' +
      'acknowledgement, or a recovery that replaced the server, ends that',
  ),
  PreGracefulTakeoverProcesses: works(
    commands,
    [],
    'Run in a planned takeover before anything is changed; the first that fails ends the list and the takeover',
  ),
  PreFailoverProcesses: works(
    commands,
    [],
    'Run in every recovery before anything is changed; the first that fails ends the list and the recovery',
  ),
  PostMasterFailoverProcesses: works(commands, [], 'Run when another server has become the primary'),
  PostIntermediateMasterFailoverProcesses: works(
    commands,
    [],
    'Run when the replicas of a dead intermediate source or group member have another source',
  ),
  PostFailoverProcesses: works(commands, [], 'Run after every recovery that succeeded'),
  PostUnsuccessfulFailoverProcesses: works(commands, [], 'Run after every recovery that did not'),
  PostGracefulTakeoverProcesses: works(commands, [], 'Run after a planned takeover, the last of all'),
  PostTakeMasterProcesses: works(commands, [], 'Run after take-master, with the new and the old source as arguments'),
  PreHookTimeoutSeconds: works(
    seconds(0.1, 3600),
    10,
    'Time limit of each command of the first three lists, seconds; then its processes are ended and it has failed. New here',
  ),
  PostHookTimeoutSeconds: works(
    seconds(0.1, 86_400),
    300,
    'Time limit of each other command, and of those that end in `&`, seconds. New here',
  ),
} as const;
