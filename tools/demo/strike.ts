// The fault itself, and the wait for what a client feels of it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './options.js';
import type { DemoSet } from './set.js';
import { until } from './until.js';
import type { Voice } from './voice.js';
import type { Gap } from './writer.js';

const WRITES_BEFORE_MS = 1500;

/** Lets the client write for a while, so that the fault meets a system at work. */
export async function writeForAWhile({ writer }: DemoSet): Promise<void> {
  writer.start();
  await until('a first acknowledged write', () => Promise.resolve(writer.acknowledged[0]));
  await sleep(WRITES_BEFORE_MS);
}

/** The monotonic moment of the fault. */
export async function strike({ topology, cluster }: DemoSet, fault: Fault, voice: Voice): Promise<number> {
  const { primary } = topology;
  const leader = fault === 'both' ? await cluster.leader() : undefined;
  const atMs = performance.now();
  if (fault === 'pause') {
    primary.pause();
    voice.say(`SIGSTOP to the primary ${primary.address}: silent, its connections open`);
    return atMs;
  }
  await Promise.all([primary.kill(), leader?.kill()]);
  voice.say(`SIGKILL to the primary ${primary.address}`);
  if (leader !== undefined) voice.say(`SIGKILL to the leader ${leader.name} at the same moment`);
  return atMs;
}

/** The time without an acknowledgement, seen to its end: another server has acknowledged a write. */
export async function outageSince({ writer, topology }: DemoSet, atMs: number): Promise<Gap> {
  return await until('a write acknowledged by another server', () => {
    const gap = writer.outageAfter(topology.primary.address);
    return Promise.resolve(gap !== undefined && gap.after.atMs >= atMs ? gap : undefined);
  });
}
