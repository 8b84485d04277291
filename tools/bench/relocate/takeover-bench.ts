// scripts/bench relocate takeover: planned takeovers without GTID under write load, each round on fresh servers.
import { milliseconds } from '../../demo/voice.js';
import { spreadOf } from '../statistics.js';
import { TAKEOVER_FLAVORS, takeoverRound } from './takeover.js';

const ROUNDS = 5;
/** What a takeover without GTID may cost on a quiet machine. */
const PROMISED_MS = 500;

/** `--rounds N`. False when the words are not understood. */
export async function takeoverBench(words: readonly string[]): Promise<boolean> {
  const [option = '--rounds', value = String(ROUNDS), ...more] = words;
  const rounds = Number(value);
  if (option !== '--rounds' || more.length > 0 || !(rounds > 0)) return false;
  await takeovers(rounds);
  return true;
}

async function takeovers(rounds: number): Promise<void> {
  for (const flavor of TAKEOVER_FLAVORS) {
    const allMs: number[] = [];
    let complete = true;
    for (let at = 1; at <= rounds; at += 1) {
      const round = await takeoverRound(flavor);
      allMs.push(Math.round(round.outageMs));
      complete &&= round.complete;
      const told = `${String(round.acknowledged)} rows acknowledged, ${round.rows.join(', ')} on the servers`;
      process.stdout.write(
        `takeover ${flavor} ${String(at)}/${String(rounds)}: no writable primary for ${milliseconds(round.outageMs)}; ${told}\n`,
      );
    }
    const { p50, most } = spreadOf(allMs);
    const figures = { medianMs: p50, worstMs: most, promisedMs: PROMISED_MS, holds: complete && most <= PROMISED_MS };
    process.stdout.write(`${JSON.stringify({ relocate: 'takeover', flavor, rounds, ...figures, complete, allMs })}\n`);
  }
}
