/**
 * `events`: what happens, as it happens, until the reader has had enough. When the node that tells goes away another is
 * asked for what came after the last one seen; one that does not remember it begins with how things stand.
 */
import { failed, ok } from '../../../../core/base/result.js';
import { field } from '../../answer.js';
import type { Context, Outcome, SpecialCommand } from '../../context.js';
import { clusterIdOf } from '../../follow/cluster-id.js';
import { followEvents } from '../../follow/event-stream.js';
import { happeningLine } from '../../follow/happening-line.js';
import { textOfFailure } from '../../session.js';
import { programName } from '../../surroundings.js';
import { TransportError } from '../../transport.js';

const AGAIN_MS = 1000;

export const EVENTS: SpecialCommand = {
  name: 'events',
  about: 'what happens, as it happens, until ^C: problems, recoveries and their steps, who leads (--json: a line each)',
  usage: ' [-i HOST[:PORT] | -a CLUSTER]',
  example: ' -a shop',
  looks: false,
  run: follow,
};

async function follow(context: Context): Promise<Outcome> {
  const { session, surroundings, options } = context;
  const hint = options.alias ?? options.instance ?? '';
  const only = hint === '' ? null : await clusterIdOf(session, hint);
  if (only?.ok === false) return only;
  const api = await session.api();
  if (!api.ok) return api;
  const stop = surroundings.stop ?? new AbortController().signal;
  const heard = { after: '', any: false };
  for (;;) {
    const why = await followOnce(context, stop, heard, only?.value ?? null);
    if (why === null) break;
    // Who never told anything has nothing to be gone on with.
    if (!heard.any) return failed({ kind: 'unreachable', message: `${api.value}: ${why}` });
    surroundings.err(`${programName(surroundings)}: ${why}; asking again\n`);
    session.forgetApi();
    await surroundings.sleep(AGAIN_MS);
  }
  return ok({ lines: [], payload: undefined, exitCode: 0 });
}

/** Why it ended; null: the reader has had enough. */
async function followOnce(
  context: Context,
  stop: AbortSignal,
  heard: { after: string; any: boolean },
  only: string | null,
): Promise<string | null> {
  const { session } = context;
  if (stop.aborted) return null;
  const api = await session.api();
  if (!api.ok) return textOfFailure(api.error);
  try {
    const url = `${api.value}/v1/happenings`;
    await followEvents({ url, ...session.caller, after: heard.after, stop }, ({ id, data }) => {
      heard.any = true;
      if (id !== '') heard.after = id;
      tell(data, only, context);
    });
    return null;
  } catch (error) {
    if (error instanceof TransportError) return error.message;
    throw error;
  }
}

function tell(happening: unknown, only: string | null, { options, surroundings, paint }: Context): void {
  const about = field(happening, 'clusterId');
  // Who leads, and where a picture begins and ends, is about all of them.
  if (only !== null && about !== '' && about !== only) return;
  const line = options.json === undefined ? happeningLine(happening, paint) : JSON.stringify(happening);
  surroundings.out(`${line}\n`);
}
