/** `orchestrator raft`: from words to a question, and from the answer to lines and an exit code. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterStatus } from '../../runtime/ports/membership.js';
import { field, textOf } from '../client/answer.js';
import { type Whereabouts, whereToAsk } from '../client/endpoints.js';
import { PROFILE_FILE, readEnvironment } from '../client/environment.js';
import { loadConfig } from '../config/load.js';
import type { RaftRequest } from './command-line.js';
import { faultsText, type Terminal } from './config-check.js';
import { RaftApi, type RaftAnswer } from './raft-api.js';
import { drawCluster } from './raft-table.js';
import { doorOf } from './redirect.js';

const TIMEOUT_SECONDS = 600;
/** Between two looks at how far a learner is. */
const LOOK_SECONDS = 1;

const EXIT = { done: 0, failed: 1, usage: 2, late: 3 } as const;

/** The exit code. */
export async function runRaft(request: RaftRequest, terminal: Terminal): Promise<number> {
  const environment = readEnvironment(process.env, PROFILE_FILE);
  const configured = await urlOf(request, terminal);
  if (configured === null) return EXIT.failed;
  const api = RaftApi.open({
    api: whereToAsk(request.api, environment, configured),
    environment,
    sleep: (ms) => sleep(ms),
    nowMs: () => performance.now(),
  });
  if (typeof api === 'string') {
    terminal.err(`${api}\n`);
    return EXIT.usage;
  }
  if (request.action === 'status') return await status(api, request, terminal);
  if (request.action === 'snapshot') return await snapshot(api, request, terminal);
  return await change(api, request, terminal);
}

/** Of the node whose configuration was given; undefined without one, null when it cannot be used. */
async function urlOf({ file, api }: RaftRequest, terminal: Terminal): Promise<Whereabouts | undefined | null> {
  if (file === null || api !== null) return undefined;
  const loaded = await loadConfig({ file, environment: process.env });
  if (loaded.ok) return { text: doorOf(loaded.value.config.http), given: `the address in ${file}` };
  terminal.err(faultsText(loaded.error));
  return null;
}

async function status(api: RaftApi, { json }: RaftRequest, terminal: Terminal): Promise<number> {
  let answer = await api.ask('status');
  // A node that was removed, or cut off, knows no leader; of several the one that does is believed.
  for (let asked = 1; isLeaderless(answer) && api.another(asked); asked += 1) {
    const other = await api.ask('status');
    if (!isLeaderless(other)) answer = other;
  }
  if (answer.kind !== 'ok') return failed(answer, terminal);
  const cluster = answer.body as ClusterStatus;
  terminal.out(json ? `${JSON.stringify(cluster, null, 2)}\n` : drawCluster(cluster));
  return cluster.leader === null ? EXIT.failed : EXIT.done;
}

function isLeaderless(answer: RaftAnswer): boolean {
  return answer.kind !== 'ok' || field(answer.body, 'leader') === null;
}

async function snapshot(api: RaftApi, { json }: RaftRequest, terminal: Terminal): Promise<number> {
  const answer = await api.ask('snapshot');
  if (answer.kind !== 'ok') return failed(answer, terminal);
  terminal.out(json ? `${JSON.stringify(field(answer.body, 'Details'))}\n` : `${messageOf(answer.body)}\n`);
  return EXIT.done;
}

async function change(api: RaftApi, request: RaftRequest, terminal: Terminal): Promise<number> {
  const giveUpAtMs = performance.now() + (request.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000;
  for (let told = ''; ; ) {
    const answer = await api.ask(pathOf(request));
    if (
      answer.kind === 'refused' &&
      answer.afterDoubt &&
      request.action === 'remove' &&
      answer.code === 'NOT_A_MEMBER'
    ) {
      // The answer to the first try was lost on its way, and this is what it did.
      return print(request, { done: true, message: answer.message }, terminal);
    }
    if (answer.kind !== 'ok') return failed(answer, terminal);
    const outcome = field(answer.body, 'Details');
    if (field(outcome, 'done') === true) {
      advise(request, terminal);
      return print(request, outcome, terminal);
    }
    const message = messageOf(answer.body);
    if (performance.now() >= giveUpAtMs) {
      terminal.err(`not done in time: ${message}; the same command goes on from here\n`);
      return EXIT.late;
    }
    if (message !== told) terminal.err(`${message}${shareOf(outcome)}\n`);
    told = message;
  }
}

function pathOf({ action, words, learner, despiteDeadVoters }: RaftRequest): string {
  const query = new URLSearchParams({ wait: String(LOOK_SECONDS) });
  if (learner) query.set('learner', '1');
  if (despiteDeadVoters) query.set('despite-dead-voters', '1');
  return `${[action, ...words.map(encodeURIComponent)].join('/')}?${query.toString()}`;
}

function shareOf(outcome: unknown): string {
  const progress = field(outcome, 'progress');
  const [match, last] = [Number(field(progress, 'matchIndex')), Number(field(progress, 'lastIndex'))];
  return last > 0 && match >= 0 ? ` (${String(Math.floor((100 * match) / last))} %)` : '';
}

function print({ json }: RaftRequest, outcome: unknown, terminal: Terminal): number {
  terminal.out(json ? `${JSON.stringify(outcome)}\n` : `${textOf(field(outcome, 'message'))}\n`);
  return EXIT.done;
}

function advise({ action, json }: RaftRequest, terminal: Terminal): void {
  if (json || !['add', 'remove', 'replace'].includes(action)) return;
  terminal.err(
    'now name the members in RaftNodes of every node: a node reads it when it starts with an empty disk, to find its cluster again\n',
  );
}

function messageOf(body: unknown): string {
  return textOf(field(body, 'Message') ?? '');
}

function failed(answer: Exclude<RaftAnswer, { readonly kind: 'ok' }>, terminal: Terminal): number {
  terminal.err(`${answer.kind === 'refused' ? 'refused: ' : ''}${answer.message}\n`);
  return EXIT.failed;
}
