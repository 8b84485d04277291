/**
 * Commands of the incumbent that are not answered yet. They are named one by one, so that a client learns at once that the
 * command is right and the program is not ready: to a 404 the shell client would listen for twelve seconds.
 */
import { type Reply, refused } from '../reply.js';
import { aboutNode, type Route } from '../route.js';

export const UNSUPPORTED_COMMANDS: readonly string[] = [
  'agent',
  'agent-abort-seed',
  'agent-active-seeds',
  'agent-create-snapshot',
  'agent-custom-command',
  'agent-mount',
  'agent-mysql-start',
  'agent-mysql-stop',
  'agent-recent-seeds',
  'agent-removelv',
  'agent-seed',
  'agent-seed-details',
  'agent-seed-states',
  'agent-umount',
  'agents',
  'last-pseudo-gtid',
  'make-local-master',
  'match',
  'match-below',
  'match-replicas',
  'match-slaves',
  'match-up',
  'match-up-replicas',
  'match-up-slaves',
  'regroup-replicas-bls',
  'regroup-replicas-pgtid',
  'regroup-slaves-bls',
  'regroup-slaves-pgtid',
  'seeds',
];

export const UNSUPPORTED_ROUTES: readonly Route[] = [
  ...UNSUPPORTED_COMMANDS.flatMap((command) => {
    const answer = (): Reply => refused(`${command} is not supported yet`);
    return [aboutNode(`/api/${command}`, answer), aboutNode(`/api/${command}/*`, answer)];
  }),
  // The incumbent gave this one up itself: aliases need no reloading.
  aboutNode('/api/reload-cluster-alias', () => refused('reload-cluster-alias was retired: aliases are always current')),
];
