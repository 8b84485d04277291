/**
 * The times of Raft that two nodes must agree upon. A leader acts alone for as long as its voters have promised not to vote
 * for another; a voter that promises less than its leader counts on lets there be two. Leaders that speak too seldom for the
 * patience of a follower, on the other hand, are deposed without end.
 */
export interface PeerTimes {
  readonly promiseMs: number;
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
}

export function describeTimes({ promiseMs, electionTimeoutMs, heartbeatIntervalMs }: PeerTimes): string {
  return `promise=${promiseMs} election=${electionTimeoutMs} heartbeat=${heartbeatIntervalMs}`;
}

function parseTimes(text: string): PeerTimes | null {
  const numbers = /^promise=([\d.]+) election=([\d.]+) heartbeat=([\d.]+)/.exec(text)?.slice(1).map(Number);
  const [promiseMs = Number.NaN, electionTimeoutMs = Number.NaN, heartbeatIntervalMs = Number.NaN] = numbers ?? [];
  const times = { promiseMs, electionTimeoutMs, heartbeatIntervalMs };
  return Object.values(times).every((time) => time > 0) ? times : null;
}

/** Why `caller`, which says `text` of its times, cannot take part with `self`; null if it can. */
export function admitTimes(self: string, own: PeerTimes, caller: string, text: string): string | null {
  const its = parseTimes(text);
  if (its === null) return `node ${caller} does not say how long its promises hold`;
  if (its.promiseMs !== own.promiseMs) {
    return `node ${caller} promises its leader ${its.promiseMs} ms and node ${self} ${own.promiseMs} ms: two leaders could act at once`;
  }
  return tooSlow(caller, its, self, own) ?? tooSlow(self, own, caller, its);
}

function tooSlow(leader: string, its: PeerTimes, follower: string, { electionTimeoutMs }: PeerTimes): string | null {
  if (2 * its.heartbeatIntervalMs <= electionTimeoutMs) return null;
  return `node ${leader} speaks every ${its.heartbeatIntervalMs} ms when it leads, and node ${follower} waits no longer than ${electionTimeoutMs} ms for its leader`;
}
