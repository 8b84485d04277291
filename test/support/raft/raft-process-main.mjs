// One Raft node as a process, for tests that kill, pause and restart it. Its state machine is the list of the commands it
// applied. Wishes come as lines of JSON on stdin, answers and news go as lines of JSON to stdout. Runs from dist/.
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { monotonicNowMs } from '../../../dist/runtime/ports/clock.js';
import { openRaft } from '../../../dist/runtime/raft-thread.js';

const settings = JSON.parse(process.argv[2]);
const consensus = openRaft(new URL('../../../dist/app/raft-worker-main.js', import.meta.url), settings);

const decoder = new TextDecoder();
const encoder = new TextEncoder();
let applied = [];
let appliedIndex = 0;

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const listeners = {
  onCommitted: (entries) => {
    for (const { index, kind, payload } of entries) {
      if (index !== appliedIndex + 1) throw new Error(`entry ${index} after ${appliedIndex}`);
      appliedIndex = index;
      if (kind === 'command') applied.push(decoder.decode(payload));
    }
  },
  onSnapshotRestore: (bytes, index) => {
    applied = JSON.parse(decoder.decode(bytes));
    appliedIndex = index;
    say({ event: 'restored', index });
  },
  provideSnapshot: () => ({ bytes: encoder.encode(JSON.stringify(applied)), index: appliedIndex }),
  onLeadershipChange: (leadership) => say({ event: 'leadership', ...leadership, atMs: monotonicNowMs() }),
  onPeersChange: (peers) => say({ event: 'peers', peers: [...peers.values()] }),
  onEvent: ({ kind, text, level }) => say({ event: 'line', level, kind, text }),
  onFatal: (error) => {
    process.stderr.write(`fatal: ${error.message}\n`);
    process.exit(70);
  },
};

const wishes = {
  propose: ({ text, timeoutMs }) => consensus.propose(encoder.encode(text), monotonicNowMs() + timeoutMs),
  // `count` proposals at a time, until `total` are committed.
  load: async ({ total, inFlight, bytes }) => {
    const payload = new Uint8Array(bytes).fill(120);
    const latencies = [];
    let begun = 0;
    const one = async () => {
      while (begun < total) {
        begun += 1;
        const at = monotonicNowMs();
        await consensus.propose(payload, at + 30_000);
        latencies.push(monotonicNowMs() - at);
      }
    };
    const startedMs = monotonicNowMs();
    // All of them at their end, also where one failed: nothing is proposed after the answer.
    const ends = await Promise.allSettled(Array.from({ length: inFlight }, one));
    for (const { reason } of ends) if (reason !== undefined) throw reason;
    const tookMs = monotonicNowMs() - startedMs;
    latencies.sort((a, b) => a - b);
    return { rate: total / (tookMs / 1000), p50: latencies[total >> 1], p99: latencies[Math.floor(total * 0.99)] };
  },
  reads: async ({ total, inFlight }) => {
    let begun = 0;
    const one = async () => {
      while (begun < total) {
        begun += 1;
        await consensus.readIndex(monotonicNowMs() + 30_000);
      }
    };
    const startedMs = monotonicNowMs();
    await Promise.all(Array.from({ length: inFlight }, one));
    return { rate: total / ((monotonicNowMs() - startedMs) / 1000) };
  },
  read: async ({ timeoutMs }) => {
    const index = await consensus.readIndex(monotonicNowMs() + timeoutMs);
    while (appliedIndex < index) await new Promise((resolve) => setImmediate(resolve));
    return { index, applied };
  },
  state: () => ({ applied, appliedIndex }),
  status: () => consensus.status(),
  leadership: () => consensus.leadership(),
  lease: () => ({ ...consensus.lease(), nowMs: monotonicNowMs() }),
  snapshot: ({ timeoutMs }) => consensus.takeSnapshot(monotonicNowMs() + timeoutMs),
  transfer: ({ to, timeoutMs }) => consensus.transferLeadership(to, monotonicNowMs() + timeoutMs),
  change: ({ next, timeoutMs }) => consensus.changeMembership(next, monotonicNowMs() + timeoutMs),
  usage: () => ({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() }),
  // The main thread hangs, as in a loop without end; the Raft thread runs on.
  hang: ({ untilThereIs }) => {
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    while (!existsSync(untilThereIs)) Atomics.wait(nothing, 0, 0, 20);
  },
  close: () => consensus.close(),
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, wish, ...rest } = JSON.parse(line);
  try {
    say({ id, value: (await wishes[wish](rest)) ?? null });
  } catch (error) {
    say({ id, error: error.message, code: error.code, done: error.done, leader: error.leader });
  }
  if (wish === 'close') process.exit(0);
});

try {
  await consensus.start(listeners);
  say({ event: 'started' });
} catch (error) {
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exit(71);
}

// A test that is gone takes its nodes along.
process.stdin.on('end', () => process.exit(0));
