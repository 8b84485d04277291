/** An operator's switch of one server, by what it does. */
import { assertNever } from '../../../../core/base/assert.js';
import type { StepFindings } from '../../../../core/recovery/step.js';
import type { SwitchAction } from '../../../../core/recovery/requests/switch-action.js';
import type { SourceChange } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { seeFailure, skip } from '../history/skip.js';
import { switchAcknowledging } from './acknowledge.js';
import { flushLogs, killQuery, purgeLogs, seeQuery } from './logs.js';
import { changeCredentials, delay, followByGtid } from './source.js';
import { drain, forgetSource, startThreads, stopThreads } from './threads.js';
import { ask, closeServer, openServer, shut } from './writes.js';

export interface SwitchTools {
  /** Of a replica that is about to forget its source. */
  readonly remember: () => Promise<void>;
  /** Rejects with StepFailed when nobody knows them. */
  readonly credentials: () => Promise<NonNullable<SourceChange['credentials']>>;
}

type Writing = Extract<SwitchAction, { do: 'acknowledge' | 'ask' | 'close' | 'open' | 'shut' }>;
type Logging = Extract<SwitchAction, { do: 'flush-logs' | 'purge-logs' | 'see-query' | 'kill-query' }>;

export async function takeSwitch(hold: Hold, action: SwitchAction, tools: SwitchTools): Promise<StepFindings> {
  switch (action.do) {
    case 'start':
      return await startThreads(hold, action);
    case 'stop':
      return await stopThreads(hold, action.channel, action.drainMs);
    case 'drain':
      return await drain(hold, action.limitMs);
    case 'forget-source':
      return await forgetSource(hold, action, tools.remember);
    case 'see-failure':
      return await seeFailure(hold);
    case 'skip':
      return await skip(hold, action.failure);
    case 'follow-by-gtid':
      return await followByGtid(hold, action.on, action.running);
    case 'delay':
      return await delay(hold, action.seconds, action.running);
    case 'credentials':
      return await changeCredentials(hold, action.running, await tools.credentials());
    case 'flush-logs':
    case 'purge-logs':
    case 'see-query':
    case 'kill-query':
      return await takeLogs(hold, action);
    default:
      return await takeWrites(hold, action);
  }
}

async function takeWrites(hold: Hold, action: Writing): Promise<StepFindings> {
  switch (action.do) {
    case 'acknowledge':
      return await switchAcknowledging(hold, action.on);
    case 'ask':
      return await ask(hold, action.on, action.forced);
    case 'close':
      return await closeServer(hold, action.superToo, action.stopsAsking);
    case 'open':
      return await openServer(hold, action.asks);
    case 'shut':
      return await shut(hold, action.on);
    default:
      return assertNever(action);
  }
}

async function takeLogs(hold: Hold, action: Logging): Promise<StepFindings> {
  switch (action.do) {
    case 'flush-logs':
      return await flushLogs(hold, action.to);
    case 'purge-logs':
      return await purgeLogs(hold, action.before);
    case 'see-query':
      return await seeQuery(hold, action.connection);
    case 'kill-query':
      return await killQuery(hold, action.connection, action.query);
    default:
      return assertNever(action);
  }
}
