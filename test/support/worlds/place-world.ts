/**
 * The model of MySQL without GTID: a server knows how far it has come in the log of its source, and no more. Places count in
 * tens, so that half a transaction has a place as well. It throws where a replica would begin at a place at which it loses
 * or repeats a transaction.
 */
import { assert } from '../../../src/core/base/assert.js';
import { isNone, minus, onlyPlace } from '../../../src/core/recovery/progress/gtids.js';
import type { Step, StepFindings, StepOutcome } from '../../../src/core/recovery/step.js';
import { logMarkText } from '../../../src/core/topology/log-marks.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import type { BinlogPosition } from '../../../src/core/topology/vitals.js';
import { MysqlWorld, type WorldServer } from './mysql-world.js';

const TRANSACTION = 10;

export class PlaceWorld extends MysqlWorld {
  /** How many transactions of its source's log a replica has received. */
  readonly #fetched = new Map<ServerId, number>();
  readonly #half = new Set<ServerId>();

  override receive(replica: WorldServer, count = Number.POSITIVE_INFINITY): void {
    const source = replica.source === null ? undefined : this.servers.get(replica.source);
    if (!replica.up || !replica.io || source?.up !== true) return;
    const from = this.#fetched.get(replica.id) ?? 0;
    const next = [...source.executed].slice(from, from + count);
    this.#fetched.set(replica.id, from + next.length);
    replica.relay.push(...next);
  }

  /** Its source died while it sent the next one. */
  receiveHalf(replica: WorldServer): void {
    this.#half.add(replica.id);
  }

  override findings(server: WorldServer): StepFindings {
    const { source } = server;
    const fetched = (this.#fetched.get(server.id) ?? 0) * TRANSACTION;
    const half = this.#half.has(server.id) ? TRANSACTION / 2 : 0;
    return {
      executedGtids: this.#executedBy(server),
      receivedGtids: source === null ? '' : mark(fetched + half, source),
      purgedGtids: '',
      ownEnd: endOf(server),
      readOnly: server.readOnly,
      ...(server.broken ? { applierError: 'error 1062' } : {}),
    };
  }

  #executedBy(server: WorldServer): string {
    if (server.source === null) return mark(endOf(server).position, server.id);
    const fetched = this.#fetched.get(server.id) ?? 0;
    return mark((fetched - server.relay.length) * TRANSACTION, server.source);
  }

  protected override awaitApplied(server: WorldServer, target: string): StepOutcome {
    if (server.broken && server.relay.length > 0) return failed('its applier is broken');
    if (server.slow) return { ok: false, code: 'limit', error: 'not applied in time', retriable: false };
    server.sql = true;
    this.settle();
    const executedGtids = this.#executedBy(server);
    const isHalf = !server.io && server.relay.length === 0;
    if (!isHalf && !isNone(minus(target, executedGtids))) {
      return { ok: false, code: 'limit', error: 'never came', retriable: false };
    }
    return { ok: true, findings: { executedGtids, ownEnd: endOf(server) } };
  }

  /** Its source may not send enough. It stands afterwards, wherever it is. */
  protected override runUntil(server: WorldServer, { until }: Extract<Step, { kind: 'run-until' }>): StepOutcome {
    const now = onlyPlace(this.#executedBy(server))?.position ?? 0;
    const behind = ((onlyPlace(until)?.position ?? 0) - now) / TRANSACTION;
    if (behind < 0) return failed('it stands beyond that');
    Object.assign(server, { io: true, sql: !server.slow && !server.broken });
    this.receive(server);
    this.apply(server, behind);
    server.sql = false;
    if (this.#executedBy(server) !== until) return { ok: false, code: 'limit', error: 'never came', retriable: false };
    return { ok: true, findings: { executedGtids: until, ownEnd: endOf(server) } };
  }

  /** It is found where the other's log holds the same transactions in the same order. */
  protected override locate(server: WorldServer, step: Extract<Step, { kind: 'locate' }>): StepOutcome {
    const own = [...server.executed];
    const theirs = [...this.get(step.source).executed];
    if (own.length === 0 || own.some((one, at) => theirs[at] !== one)) return failed('it was not found');
    return { ok: true, findings: { place: { file: 'binlog.000001', position: own.length * TRANSACTION } } };
  }

  protected override repoint(server: WorldServer, step: Extract<Step, { kind: 'repoint' }>): StepOutcome {
    const { begin, source, start } = step;
    if (source === server.source) {
      Object.assign(server, { io: start, sql: start && !server.broken });
      return { ok: true, findings: {} };
    }
    if (begin === undefined) return failed('where it would begin is not known');
    if (server.relay.length > 0) return failed('its relay log would be lost');
    const before = [...this.get(source).executed].slice(0, begin.at.position / TRANSACTION);
    const anywhere = begin.after === '';
    if (!anywhere && this.#executedBy(server) !== begin.after) return failed('it stands elsewhere');
    assert(
      (anywhere || before.length === server.executed.size) && before.every((one) => server.executed.has(one)),
      `${server.id} would lose or repeat a transaction behind ${source}`,
    );
    this.#fetched.set(server.id, before.length);
    this.#half.delete(server.id);
    Object.assign(server, { source, io: start, sql: start && !server.broken });
    return { ok: true, findings: {} };
  }
}

function endOf(server: WorldServer): BinlogPosition {
  return { file: 'binlog.000001', position: server.executed.size * TRANSACTION };
}

function mark(position: number, log: ServerId): string {
  return logMarkText({ file: 'binlog.000001', position }, log);
}

function failed(error: string): StepOutcome {
  return { ok: false, code: 'state', error, retriable: false };
}
