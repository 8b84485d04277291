/**
 * A write that arrives at a follower is passed on to the leader. The header says who did: a request that carries it is never
 * passed on again, so that two nodes that each take the other for the leader cannot throw it back and forth. When the leader
 * is lost meanwhile the next one is asked, where that is safe: nothing was done for certain, or the request has a key by
 * which the next leader finds in the log that it was begun.
 */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { NodeStatus, Service } from '../../../runtime/ports/service.js';
import { FORWARDED_BY, FORWARDED_PROOF, proofOf } from './forward-proof.js';
import { HTTP_LIMITS } from '../limits.js';
import type { CallingOptions } from '../access/mutual-tls.js';
import { JSON_TYPE, type Reply, refused } from '../reply.js';

export interface Forwardable {
  /** Path and query as they came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly timeoutMs: number;
  /**
   * Absent: it is asked once. Otherwise it is put to the next leader where nothing was done; and, when the key that it
   * carries is kept by all nodes, also where that is not known.
   */
  readonly isKept?: boolean;
}

interface Attempt {
  readonly fate: 'answered' | 'not-done' | 'unknown';
  readonly reply: Reply;
}

function answered(reply: Reply): Attempt {
  const isElsewhere = reply.headers?.['x-orchestrator-error'] === 'NOT_LEADER';
  return { fate: isElsewhere ? 'not-done' : 'answered', reply };
}

function notDone(message: string): Attempt {
  return { fate: 'not-done', reply: refused(message) };
}

/** They belong to the connection between a client and this node, not to the request. */
const OWN_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'host',
  'accept-encoding',
  // Where a page is from was judged by the node that it asked, whose address it knows.
  'origin',
  'referer',
  'sec-fetch-site',
  FORWARDED_PROOF,
]);

export class Forwarder {
  readonly #service: Service;
  readonly #calling: () => CallingOptions;
  #underWay = 0;
  #total = 0;

  constructor(service: Service, calling: () => CallingOptions = () => ({})) {
    this.#service = service;
    this.#calling = calling;
  }

  /** How many were passed on since the start. */
  get total(): number {
    return this.#total;
  }

  async forward(request: Forwardable): Promise<Reply> {
    for (let turn = 1; ; turn++) {
      const before = this.#service.node();
      const { fate, reply } = await this.#ask(request);
      const mayAskAgain = fate === 'not-done' || (fate === 'unknown' && request.isKept === true);
      if (!mayAskAgain || request.isKept === undefined || turn >= HTTP_LIMITS.forwardTurns) return reply;
      if (!(await this.#nextLeader(before))) return reply;
    }
  }

  async #ask(request: Forwardable): Promise<Attempt> {
    const node = this.#service.node();
    const from = request.headers[FORWARDED_BY];
    if (from !== undefined) {
      return answered(
        refused(
          `${node.id} is not the leader, though ${String(from)} took it for that: nothing was done. An election is going on; try again in a moment`,
          null,
          { 'x-orchestrator-error': 'NOT_LEADER' },
        ),
      );
    }
    if (node.leader === null || !node.inQuorum) {
      return notDone(
        `No leader: ${node.id} hears no majority of the nodes, so nothing can be changed from here and nothing was done. Ask /api/raft-status of each node`,
      );
    }
    if (node.leaderHttpAddress === null) {
      return notDone(
        `${node.leader} leads, but ${node.id} has not learnt its HTTP address yet: nothing was done. Try again in a moment, or set HTTPAdvertise there`,
      );
    }
    if (this.#underWay >= HTTP_LIMITS.forwardsAtOnce) {
      return answered(
        refused(`${node.id} waits for ${String(this.#underWay)} answers of the leader already: nothing was done`),
      );
    }
    this.#underWay += 1;
    this.#total += 1;
    try {
      const sender = { id: node.id, founding: this.#service.state.founding };
      return await passOn(request, node.leaderHttpAddress, sender, this.#calling(), (tell) =>
        this.#onLeaderLost(node.leader, tell),
      );
    } finally {
      this.#underWay -= 1;
    }
  }

  /** True when another leads, or the same one again. */
  #nextLeader(before: NodeStatus): Promise<boolean> {
    const isThere = (): boolean => {
      const now = this.#service.node();
      if (now.leader === null || now.leaderHttpAddress === null) return false;
      return now.leader !== before.leader || now.term !== before.term || before.leaderHttpAddress === null;
    };
    if (isThere()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (found: boolean): void => {
        clearTimeout(waiting);
        unsubscribe();
        resolve(found);
      };
      const waiting = setTimeout(end, HTTP_LIMITS.nextLeaderMs, false);
      const unsubscribe = this.#service.subscribe(({ kind }) => {
        if (kind === 'node' && isThere()) end(true);
      });
    });
  }

  #onLeaderLost(leader: string | null, tell: (why: string) => void): () => void {
    return this.#service.subscribe(({ kind }) => {
      const now = this.#service.node().leader;
      if (kind !== 'node' || now === leader) return;
      tell(now === null ? 'it leads no more' : `${now} leads now, and goes on with whatever was begun`);
    });
  }
}

/** Tells when the leader of a request leads no more; returns what ends the watch. */
type Watch = (tell: (why: string) => void) => () => void;

/** This node, to the leader. */
interface Sender {
  readonly id: string;
  readonly founding: string | null;
}

async function passOn(
  request: Forwardable,
  base: string,
  sender: Sender,
  calling: CallingOptions,
  onLeaderLost: Watch,
): Promise<Attempt> {
  let url: URL;
  try {
    url = new URL(request.target, base);
  } catch {
    return notDone(
      `The leader gives "${base}" as its HTTP address, which is no URL: nothing was done. Check HTTPAdvertise there`,
    );
  }
  return new Promise((resolve) => {
    let connected = false;
    let isAnswered = false;
    let leaving: NodeJS.Timeout | undefined;
    const answer = (attempt: Attempt): void => {
      if (isAnswered) return;
      isAnswered = true;
      clearTimeout(connecting);
      clearTimeout(waiting);
      clearTimeout(leaving);
      unwatch();
      resolve(attempt);
    };
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    // A connection of its own: on a kept one that the leader closes just now, nobody could tell what became of the write.
    const headers = passedHeaders(request.headers, sender, `${url.pathname}${url.search}`);
    const outgoing = send(url, { ...calling, method: 'GET', headers, agent: false });
    const giveUp = (why: string): void => {
      outgoing.destroy();
      const fate = connected
        ? 'it is not known whether the write was done: look before you try again'
        : 'nothing was done: try again in a moment';
      const reply = refused(`The leader at ${base} did not answer (${why}); ${fate}`);
      answer({ fate: connected ? 'unknown' : 'not-done', reply });
    };
    const connecting = setTimeout(
      () => {
        if (!connected) giveUp('no connection in time');
      },
      Math.min(HTTP_LIMITS.forwardConnectMs, request.timeoutMs),
    );
    const waiting = setTimeout(() => {
      giveUp(`no answer within ${String(request.timeoutMs)} ms`);
    }, request.timeoutMs);
    // It may still have an answer on the way; a frozen one would keep its caller waiting for minutes.
    const unwatch = onLeaderLost((why) => {
      leaving ??= setTimeout(giveUp, HTTP_LIMITS.lostLeaderMs, why);
    });
    outgoing.on('socket', (socket) => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        connected = true;
      });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      giveUp(error.code ?? error.message);
    });
    outgoing.on('response', (response) => {
      receive(response, answer, giveUp);
    });
    outgoing.end();
  });
}

function receive(response: IncomingMessage, answer: (attempt: Attempt) => void, giveUp: (why: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > HTTP_LIMITS.forwardAnswerBytes) giveUp('the answer is too long');
  });
  response.on('end', () => {
    answer(
      answered({
        status: response.statusCode ?? 502,
        contentType: response.headers['content-type'] ?? JSON_TYPE,
        body: Buffer.concat(chunks),
        headers: ownHeadersOf(response.headers),
      }),
    );
  });
  response.on('error', (error) => {
    giveUp(error.message);
  });
}

function passedHeaders(
  headers: IncomingHttpHeaders,
  { id, founding }: Sender,
  target: string,
): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !OWN_HEADERS.has(name)) passed[name] = value;
  }
  passed[FORWARDED_BY] = id;
  if (founding !== null) passed[FORWARDED_PROOF] = proofOf(founding, id, target);
  return passed;
}

/** What the leader says about its answer; the rest of its headers this node sets itself. */
function ownHeadersOf(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && (name.startsWith('x-orchestrator-') || name === 'www-authenticate')) {
      kept[name] = value;
    }
  }
  return kept;
}
