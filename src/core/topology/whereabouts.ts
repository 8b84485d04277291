/**
 * Which server answers where? An address is no identity: a server moves, two change places, a machine is set up anew under
 * the name of the last one, and a copied data directory gives two living servers one server_uuid. Told apart by what each
 * look found, and when:
 *
 * - Two names of one server: both answer as the same process (same start, host name and server_id). The first stays.
 * - Moved: its address answers as somebody else, or has not answered for a while, and it is seen elsewhere. It takes the
 *   new address; the old one stays an alias unless it belongs to another now.
 * - Two servers with one identity: its own address says the same before and after another address said something else.
 *   A restart looks alike only until its own address is looked at again, so nothing is believed of the other until then.
 * - Set up anew: another server answers at its address and it is seen nowhere else. For a while, because an address that
 *   leads to two living servers in turn shows the same; at the second answer, when it is the machine that is known from
 *   there (host name and server_id), or half of that and a process younger than the last answer of the one before: two
 *   that live beside each other look like neither. Until then a ghost would have a vote in every question about its source.
 */
import { type Address, addressText, sameAddress } from './address.js';
import type { ServerReport } from './report.js';
import type { Server, ServerId } from './server.js';

/** Who answered a look. Times are the monotonic clock of the node that keeps them, milliseconds. */
export interface Presence {
  readonly id: ServerId;
  readonly startedMs: number;
  readonly hostname: string;
  readonly serverNumber: number;
  readonly seenMs: number;
}

export interface Place {
  readonly address: Address;
  /** The last two answers, the later first; null before there were as many. */
  readonly last: Presence | null;
  readonly earlier: Presence | null;
  /** Since when the answers are those of this identity. */
  readonly sameSinceMs: number;
  /** The last answer of another identity. */
  readonly former: Presence | null;
  /** Since when looks there fail; null while they do not. */
  readonly failingSinceMs: number | null;
}

export interface WhereaboutsLimits {
  /** A server's address must be silent for so long before another is taken for it. */
  readonly movedAfterMs: number;
  /** A stranger must answer there for so long before it takes the place of one that is seen nowhere. */
  readonly replacedAfterMs: number;
  /** Uptime is whole seconds, and looks take time. */
  readonly startToleranceMs: number;
}

export const WHEREABOUTS_LIMITS: WhereaboutsLimits = {
  movedAfterMs: 30_000,
  replacedAfterMs: 60_000,
  startToleranceMs: 5_000,
};

export interface Move {
  readonly server: ServerId;
  readonly address: Address;
  readonly why: string;
}

export interface Verdict {
  readonly moves: readonly Move[];
  readonly replaced: readonly { readonly former: ServerId; readonly by: ServerId }[];
  readonly shared: readonly { readonly server: ServerId; readonly address: Address; readonly detail: string }[];
  /** Nothing of this look is to be believed yet. */
  readonly hold: boolean;
}

/** What the judgement rests on. */
export interface Whereabouts {
  readonly servers: ReadonlyMap<ServerId, Server>;
  place(address: Address): Place | undefined;
  /** Where this identity answered last. */
  placesOf(server: ServerId): readonly Place[];
  /** Servers that have it as their own address; one, but for moments. */
  ownersOf(address: Address): readonly Server[];
  /** Addresses of copies that are known as such. */
  readonly copies: ReadonlyMap<string, { readonly server: ServerId }>;
}

export function presenceOf(report: ServerReport, finishedAtMs: number): Presence {
  const { id, facts, vitals } = report;
  const startedMs = finishedAtMs - vitals.uptimeSeconds * 1000;
  return { id, startedMs, hostname: facts.hostname, serverNumber: facts.serverNumber, seenMs: finishedAtMs };
}

export function placeAfter(before: Place | undefined, address: Address, seen: Presence | null, atMs: number): Place {
  const last = before?.last ?? null;
  if (seen === null) {
    const unseen: Place = { address, last, earlier: null, sameSinceMs: atMs, former: null, failingSinceMs: null };
    const known = before ?? unseen;
    return { ...known, failingSinceMs: known.failingSinceMs ?? atMs };
  }
  const isSame = before !== undefined && last?.id === seen.id;
  const { sameSinceMs, former } = isSame ? before : { sameSinceMs: atMs, former: last };
  return { address, last: seen, earlier: last, sameSinceMs, former, failingSinceMs: null };
}

/** After a good look at `address`, which is in the places already. */
export function judgeWhereabouts(
  known: Whereabouts,
  address: Address,
  nowMs: number,
  limits: WhereaboutsLimits,
): Verdict {
  const here = known.place(address);
  const seen = here?.last ?? null;
  if (here === undefined || seen === null) return verdict({});
  if (known.copies.get(addressText(address))?.server === seen.id) return verdict({ hold: true });
  const server = known.servers.get(seen.id);
  const owners = known.ownersOf(address).filter(({ id }) => id !== seen.id);
  const displaced = owners.map((owner) => fateOf(known, owner, here, nowMs, limits));
  const own = server === undefined ? verdict({}) : judgeServer(known, server, here, seen, nowMs, limits);
  const isMoving = own.moves.length > 0;
  // Known elsewhere, seen at the address of another: who is where is clear when the other address was looked at too.
  const isIntruder = server !== undefined && owners.length > 0 && !sameAddress(server.address, address) && !isMoving;
  return verdict({
    moves: [...own.moves, ...displaced.flatMap(({ moves }) => moves)],
    replaced: displaced.flatMap(({ replaced }) => replaced),
    shared: own.shared,
    hold: own.hold || isIntruder,
  });
}

function judgeServer(
  known: Whereabouts,
  server: Server,
  here: Place,
  seen: Presence,
  nowMs: number,
  limits: WhereaboutsLimits,
): Verdict {
  if (sameAddress(server.address, here.address)) return verdict({ shared: copiesOf(known, server, here, limits) });
  const home = known.place(server.address);
  if (home === undefined) return verdict({ hold: !isAlias(server, here.address) });
  const move = { server: server.id, address: here.address };
  if (home.failingSinceMs !== null) {
    const silentMs = nowMs - home.failingSinceMs;
    const isSettled = here.sameSinceMs < seen.seenMs && (here.earlier?.seenMs ?? 0) >= home.failingSinceMs;
    if (silentMs < limits.movedAfterMs || !isSettled) return verdict({ hold: !isAlias(server, here.address) });
    const why = `${addressText(server.address)} has not answered for ${String(Math.round(silentMs / 1000))} s`;
    return verdict({ moves: [{ ...move, why }] });
  }
  if (home.last?.id !== server.id) {
    const why = `${addressText(server.address)} answers as ${home.last?.id ?? 'nobody'}`;
    return verdict({ moves: [{ ...move, why }] });
  }
  return verdict({ hold: !isSameProcess(home.last, seen, limits) });
}

/** Addresses that said something else under this identity between two looks at its own that said the same. */
function copiesOf(known: Whereabouts, server: Server, home: Place, limits: WhereaboutsLimits): Verdict['shared'] {
  const { last, earlier } = home;
  if (last === null || earlier === null || !isSameProcess(last, earlier, limits)) return [];
  return known.placesOf(server.id).flatMap(({ address, last: other, failingSinceMs }) => {
    if (other === null || failingSinceMs !== null || sameAddress(address, home.address)) return [];
    const isBetween = earlier.seenMs <= other.seenMs && other.seenMs <= last.seenMs;
    if (!isBetween || isSameProcess(last, other, limits) || known.copies.has(addressText(address))) return [];
    return [{ server: server.id, address, detail: difference(last, other, limits) }];
  });
}

function difference(one: Presence, other: Presence, limits: WhereaboutsLimits): string {
  if (one.hostname !== other.hostname) return `hostname ${one.hostname} and ${other.hostname}`;
  if (one.serverNumber !== other.serverNumber) {
    return `server_id ${String(one.serverNumber)} and ${String(other.serverNumber)}`;
  }
  const apartMs = Math.abs(one.startedMs - other.startedMs);
  return `started ${String(Math.round(Math.max(apartMs, limits.startToleranceMs) / 1000))} s apart`;
}

function isSameProcess(one: Presence, other: Presence, { startToleranceMs }: WhereaboutsLimits): boolean {
  return (
    one.hostname === other.hostname &&
    one.serverNumber === other.serverNumber &&
    Math.abs(one.startedMs - other.startedMs) <= startToleranceMs
  );
}

/** Of a server at whose address another one answered. */
function fateOf(known: Whereabouts, owner: Server, here: Place, nowMs: number, limits: WhereaboutsLimits): Verdict {
  const elsewhere = known
    .placesOf(owner.id)
    .find(({ address, failingSinceMs }) => failingSinceMs === null && !known.copies.has(addressText(address)));
  const by = here.last?.id;
  if (elsewhere !== undefined) {
    const why = `${addressText(owner.address)} answers as ${by ?? 'nobody'}`;
    return verdict({ moves: [{ server: owner.id, address: elsewhere.address, why }] });
  }
  const successor = by === undefined ? undefined : known.servers.get(by);
  const isAtHome = successor !== undefined && sameAddress(successor.address, here.address);
  const isLong = nowMs - here.sameSinceMs >= limits.replacedAfterMs;
  if (!isAtHome || !(isLong || isRebuilt(owner, here, limits))) return verdict({});
  return verdict({ replaced: [{ former: owner.id, by: successor.id }] });
}

/** The same machine under a new server_uuid, by two answers of one process. */
function isRebuilt(owner: Server, { last, earlier, former }: Place, limits: WhereaboutsLimits): boolean {
  if (last === null || earlier === null || last.id !== earlier.id || !isSameProcess(last, earlier, limits))
    return false;
  const isHost = owner.facts.hostname === last.hostname;
  const isNumber = owner.facts.serverNumber === last.serverNumber;
  const isYounger = former?.id === owner.id && last.startedMs + limits.startToleranceMs >= former.seenMs;
  return (isHost && isNumber) || ((isHost || isNumber) && isYounger);
}

function isAlias(server: Server, address: Address): boolean {
  return server.aliases.some((alias) => sameAddress(alias, address));
}

function verdict(parts: Partial<Verdict>): Verdict {
  return { moves: [], replaced: [], shared: [], hold: false, ...parts };
}
