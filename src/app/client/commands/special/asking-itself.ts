/** Commands about the API itself, and the name of the machine that leads. */
import { failed, ok } from '../../../../core/base/result.js';
import { field, oneLine, textOf } from '../../answer.js';
import type { Context, Outcome, SpecialCommand } from '../../context.js';

export const ASKING_ITSELF: readonly SpecialCommand[] = [
  {
    name: 'raft-leader-hostname',
    about: 'the host name of the one who leads',
    usage: '',
    example: '',
    looks: true,
    run: leaderHostname,
  },
  {
    name: 'which-api',
    about: 'the API that is asked',
    usage: '',
    example: '',
    looks: true,
    run: async ({ session }) => {
      const api = await session.api();
      return api.ok ? printed(api.value, { api: api.value }) : api;
    },
  },
  {
    name: 'api',
    about: 'GET a path of the API and print the answer',
    usage: ' -P PATH',
    example: ' -P cluster-info/shop',
    looks: false,
    showsWholeErrors: true,
    run: async ({ options, session }) => {
      const path = (options.path ?? '').replace(/^\/+/, '').replace(/^api\//, '');
      if (path === '') return failed({ kind: 'unreachable', message: 'path must be provided: -P PATH' });
      const answer = await session.call(path, true);
      return answer.ok ? printed(oneLine(answer.value.body), answer.value.body) : answer;
    },
  },
];

function printed(line: string, payload: unknown): Outcome {
  return ok({ lines: [line], payload, exitCode: 0 });
}

/** A follower knows the address of the leader; only the leader knows its own host name. */
async function leaderHostname({ session }: Context): Promise<Outcome> {
  const status = await session.call('status', false);
  const details = status.ok ? status.value.payload : status.error.kind === 'api' ? status.error.error.details : null;
  if (field(details, 'IsActiveNode') === true) return named(field(details, 'Hostname'));
  const uri = field(details, 'RaftLeaderURI');
  if (typeof uri !== 'string' || uri === '') {
    return status.ok
      ? failed({ kind: 'unreachable', message: 'Cannot determine raft state: the node that was asked knows no leader' })
      : status;
  }
  const answer = await session.at(`${uri.replace(/\/+$/, '')}/api`).call('status', false);
  return answer.ok ? named(field(answer.value.payload, 'Hostname')) : answer;
}

function named(name: unknown): Outcome {
  return printed(textOf(name), name);
}
