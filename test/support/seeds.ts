/**
 * The seeds of a simulation: SIM_SEED=n plays that one again, SIM_SEEDS=count plays that many, SIM_START sets the first.
 * A failure names its seed.
 */
export function forEachSeed(count: number, play: (seed: number) => void): void {
  const single = process.env['SIM_SEED'];
  const first = single === undefined ? Number(process.env['SIM_START'] ?? 1) : Number(single);
  const wanted = single === undefined ? Math.max(count, Number(process.env['SIM_SEEDS'] ?? 0)) : 1;
  for (let seed = first; seed < first + wanted; seed++) {
    try {
      play(seed);
    } catch (error) {
      throw new Error(`seed ${seed} failed; play it again with SIM_SEED=${seed}`, { cause: error });
    }
  }
}
