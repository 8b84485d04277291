// The orchestrator's own leader is killed: reads go on, another node leads, and the writing client notices nothing.
import { readAllAlong } from './api-reader.js';
import type { DemoSet } from './set.js';
import { until } from './until.js';
import { milliseconds, type Voice } from './voice.js';

const WRITES_AROUND_MS = 1000;

export async function leaderDies({ cluster, writer }: DemoSet, voice: Voice): Promise<void> {
  const leader = await cluster.leader();
  const others = cluster.running.filter((node) => node !== leader);
  const reader = readAllAlong(others);
  const beforeMs = performance.now();
  await until('writes going on', () =>
    Promise.resolve(performance.now() - beforeMs > WRITES_AROUND_MS ? true : undefined),
  );
  const atMs = performance.now();
  await leader.kill();
  voice.say(`SIGKILL to ${leader.name}, which leads; ${others.map(({ name }) => name).join(' and ')} are left`);
  const successor = await cluster.leader();
  const tookMs = performance.now() - atMs;
  voice.claim(successor !== leader, `${successor.name} leads, ${milliseconds(tookMs)} after the kill`);
  await until('writes going on', () => Promise.resolve(performance.now() - atMs > WRITES_AROUND_MS ? true : undefined));
  const { answered, failed, slowestMs } = await reader.stop();
  voice.claim(
    failed === 0 && answered > 0,
    `the others answered all ${answered + failed} reads meanwhile, the slowest in ${milliseconds(slowestMs)}`,
  );
  const gap = writer.longestGap(atMs);
  voice.claim(
    gap !== undefined && gap.before.server === gap.after.server,
    `the client wrote on; its longest wait was ${gap === undefined ? 'endless' : milliseconds(gap.ms)}`,
  );
}
