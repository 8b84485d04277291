/**
 * What is a reason to look at a server at once: a connection of ours that ended, a probe that was refused or not answered,
 * a replica that lost its source. Only servers that others hang on are worth an emergency. The leader looks; a follower
 * tells the leader.
 */
import { isNetworkError } from '../../core/analysis/inquiry.js';
import { serverAt } from '../../core/analysis/links.js';
import type { Sight } from '../../core/analysis/sight.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Channel, Server, ServerId } from '../../core/topology/server.js';
import type { Clock } from '../ports/clock.js';
import type { Peers } from '../ports/peers.js';
import type { DerivedState } from './derived-state.js';

export interface LookoutParts {
  readonly clock: Clock;
  readonly peers: Pick<Peers, 'reportLost'>;
  readonly derived: DerivedState;
  /** A follower tells the leader of one server at most this often, milliseconds. */
  readonly reportGapMs: number;
  leads(): boolean;
  /** Silence counts from `atMs`. Does nothing when the server is suspected already. */
  suspect(server: Server, atMs: number, why: string): void;
  /** As `suspect`, and an inquest that has become slow is hurried. */
  alarm(server: Server, why: string): void;
}

export class Lookout {
  readonly #parts: LookoutParts;
  readonly #reportedAtMs = new Map<ServerId, number>();

  constructor(parts: LookoutParts) {
    this.#parts = parts;
  }

  connectionLost(address: Address, reason: string): void {
    const server = this.#dependedUponAt(address);
    if (server === null) return;
    if (this.#parts.leads()) this.#parts.alarm(server, `this node lost its connection: ${reason}`);
    else this.#report(server, `lost its connection: ${reason}`);
  }

  followerLost(node: string, address: Address, reason: string): void {
    const server = this.#dependedUponAt(address);
    if (server !== null && this.#parts.leads()) this.#parts.alarm(server, `${node} ${reason}`);
  }

  probed(server: Server, result: ProbeResult, before: Sight | null): void {
    if (result.ok) this.#noticeLostLinks(server, result.report.facts.channels, before);
    else if (this.#parts.derived.now.dependedUpon.has(server.id)) this.#noticeFailure(server, result, before);
  }

  keepOnly(servers: ReadonlyMap<ServerId, unknown>): void {
    for (const id of this.#reportedAtMs.keys()) if (!servers.has(id)) this.#reportedAtMs.delete(id);
  }

  #noticeFailure(server: Server, result: FailedProbe, before: Sight | null): void {
    if (!isUnreachable(result)) return;
    const { code, kind } = result.failure;
    if (this.#parts.leads()) {
      // Refused now; silent since the question was put.
      const atMs = kind === 'silent' ? result.startedAtMs : this.#parts.clock.nowMs();
      this.#parts.suspect(server, atMs, `this node's probe failed (${code})`);
    } else if (before === null || !isUnreachable(before.last)) {
      this.#report(server, `could not reach it (${code})`);
    }
  }

  /** A replica that lost its source is as good a reason to look as a connection of our own. */
  #noticeLostLinks(replica: Server, channels: readonly Channel[], before: Sight | null): void {
    const known = before?.lastGood?.report.facts.channels ?? [];
    for (const channel of channels) {
      const was = known.find((one) => one.name === channel.name);
      if (was?.ioThread !== 'running' || !hasLostItsSource(channel)) continue;
      const source = this.#dependedUponAt(channel.source);
      if (source === null) continue;
      const name = addressText(replica.address);
      if (this.#parts.leads()) this.#parts.suspect(source, this.#parts.clock.nowMs(), `its replica ${name} lost it`);
      else this.#report(source, `saw that ${name} lost it`);
    }
  }

  #dependedUponAt(address: Address): Server | null {
    const { links, dependedUpon } = this.#parts.derived.now;
    const server = serverAt(links, address);
    return server === undefined ? null : (dependedUpon.get(server.id) ?? null);
  }

  #report(server: Server, reason: string): void {
    const nowMs = this.#parts.clock.nowMs();
    const lastMs = this.#reportedAtMs.get(server.id) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < this.#parts.reportGapMs) return;
    this.#reportedAtMs.set(server.id, nowMs);
    this.#parts.peers.reportLost(server.address, reason);
  }
}

type FailedProbe = Extract<ProbeResult, { ok: false }>;

export function isUnreachable(result: ProbeResult): boolean {
  return !result.ok && (result.failure.kind === 'refused' || result.failure.kind === 'silent');
}

function hasLostItsSource(channel: Channel): boolean {
  return channel.ioThread !== 'running' && channel.ioError !== null && isNetworkError(channel.ioError.number);
}
