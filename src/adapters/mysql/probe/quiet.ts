/**
 * How long nothing has come from a source, for versions that do not tell it in full. MySQL 5.6 and 5.7 know when the last
 * heartbeat came, and a source that is busy sends none; MariaDB only counts heartbeats. So it is watched from here whether
 * the count or the place that the IO thread has read up to moves between two probes. What moved since the last probe counts
 * as come in now: this errs on the side of life by at most the time between two probes, never on the side of death.
 */
import type { ReadChannel } from './channel-rows.js';

const MISSED_HEARTBEATS = 3;

interface Seen {
  readonly signs: string;
  readonly atMs: number;
  /** Null until something has moved while it was watched. */
  readonly movedAtMs: number | null;
}

export class QuietWatch {
  readonly #channels = new Map<string, Seen>();

  /** Channels with `quietMs` as far as it can be told: the smaller of what the server says and what was seen. */
  refined(channels: readonly ReadChannel[], nowMs: number): readonly ReadChannel[] {
    const names = new Set(channels.map(({ vitals }) => vitals.name));
    for (const name of this.#channels.keys()) if (!names.has(name)) this.#channels.delete(name);
    return channels.map((read) => {
      const watchedMs = this.#watch(read, nowMs);
      const toldMs = read.vitals.quietMs;
      if (watchedMs === null || (toldMs !== null && toldMs <= watchedMs)) return read;
      return { ...read, vitals: { ...read.vitals, quietMs: watchedMs } };
    });
  }

  #watch({ channel, vitals, heartbeats }: ReadChannel, nowMs: number): number | null {
    // A thread that connects anew goes back to an earlier place by itself: that is no word from the source.
    if (channel.ioThread !== 'running') {
      this.#channels.delete(vitals.name);
      return null;
    }
    const place = vitals.read === null ? '' : `${vitals.read.file}:${String(vitals.read.position)}`;
    const signs = `${place} ${heartbeats} ${vitals.retrievedGtids}`;
    const seen = this.#channels.get(vitals.name);
    const moved = seen !== undefined && seen.signs !== signs;
    const movedAtMs = moved ? nowMs : (seen?.movedAtMs ?? null);
    const atMs = seen === undefined || moved ? nowMs : seen.atMs;
    this.#channels.set(vitals.name, { signs, atMs, movedAtMs });
    if (movedAtMs !== null) return nowMs - movedAtMs;
    // Nothing has moved since it is watched: it was quiet for so long at least. That is a statement only once heartbeats are
    // missing; before, it would pass for a sign of life at the moment when the watch began.
    const period = channel.heartbeatIntervalMs ?? 0;
    return period > 0 && nowMs - atMs > MISSED_HEARTBEATS * period ? nowMs - atMs : null;
  }
}
