/** `reload-configuration`: each node has files of its own, so every endpoint is asked, and says what became of it. */
import { failed, ok } from '../../../../core/base/result.js';
import type { Context, Outcome, SpecialCommand } from '../../context.js';
import { textOfFailure } from '../../session.js';

export const RELOAD: SpecialCommand = {
  name: 'reload-configuration',
  about: 'every node that is named reads its configuration again, all or nothing; an administrator may',
  usage: ' [-P FILE]',
  example: ' -U "http://o1:3000 http://o2:3000 http://o3:3000"',
  looks: false,
  run: reload,
};

async function reload({ session, options }: Context): Promise<Outcome> {
  const { path: file = '' } = options;
  const asked = `reload-configuration${file === '' ? '' : `?config=${encodeURIComponent(file)}`}`;
  const answers = await Promise.all(
    session.endpoints.map(async (endpoint) => {
      const answer = await session.at(endpoint).call(asked, true);
      const message = answer.ok ? answer.value.message : textOfFailure(answer.error);
      return { endpoint, reloaded: answer.ok, message };
    }),
  );
  const [only] = answers;
  if (only?.reloaded === false && answers.length === 1) return failed({ kind: 'unreachable', message: only.message });
  const lines = answers.map(({ endpoint, message }) => (answers.length === 1 ? message : `${endpoint}: ${message}`));
  return ok({ lines, payload: answers, exitCode: answers.every(({ reloaded }) => reloaded) ? 0 : 1 });
}
