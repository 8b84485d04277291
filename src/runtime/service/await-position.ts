/** The incumbent's master-pos-wait: looks again and again, and holds up nobody. */
import { addressText } from '../../core/topology/address.js';
import { compareBinlogPositions } from '../../core/topology/binlog-position.js';
import type { ProbeResult } from '../../core/topology/report.js';
import { mainChannel, type Server } from '../../core/topology/server.js';
import type { BinlogPosition } from '../../core/topology/vitals.js';
import { accept, type Answer, refuse } from '../ports/answer.js';
import { monotonicNowMs } from '../ports/clock.js';

const PAUSE_MS = 100;

export async function awaitPosition(
  { address }: Server,
  place: BinlogPosition,
  limitMs: number,
  probe: (address: Server['address']) => Promise<ProbeResult>,
): Promise<Answer<boolean>> {
  const deadlineMs = monotonicNowMs() + limitMs;
  for (;;) {
    const result = await probe(address);
    if (!result.ok) return refuse('PROBE_FAILED', result.failure.message);
    const { facts, vitals } = result.report;
    const main = mainChannel(facts);
    const applied = vitals.channels.find(({ name }) => name === main?.name)?.executed ?? null;
    if (main === null || applied === null) {
      return refuse('NOT_A_REPLICA', `instance is not a replica: ${addressText(address)}`);
    }
    const difference = compareBinlogPositions(applied, place);
    if (difference === null) {
      const text = `${addressText(address)} applies ${applied.file} and will never reach ${place.file}`;
      return refuse('BAD_POSITION', `${text}: name a log of its source`);
    }
    if (difference >= 0) return accept(true);
    if (main.sqlThread === 'stopped') {
      return refuse(
        'NOT_REPLICATING',
        `the applier of ${addressText(address)} is stopped: orchestrator-client -c start-replica`,
      );
    }
    if (monotonicNowMs() >= deadlineMs) return accept(false);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
