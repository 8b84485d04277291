/** The small shapes that the incumbent's objects are made of: keys, coordinates, nullable numbers, times. */
import type { Address } from '../../../core/topology/address.js';
import type { BinlogPosition } from '../../../core/topology/vitals.js';

export interface InstanceKey {
  readonly Hostname: string;
  readonly Port: number;
}

export const NO_KEY: InstanceKey = { Hostname: '', Port: 0 };

export function instanceKey(address: Address | null | undefined): InstanceKey {
  return address === null || address === undefined ? NO_KEY : { Hostname: address.host, Port: address.port };
}

/** A set of keys is a list in byte order of the host, then by port. */
export function instanceKeys(addresses: readonly Address[]): readonly InstanceKey[] {
  return [...addresses].sort(compareAddresses).map(instanceKey);
}

export function compareAddresses(one: Address, other: Address): number {
  if (one.host !== other.host) return one.host < other.host ? -1 : 1;
  return one.port - other.port;
}

export interface BinlogCoordinates {
  readonly LogFile: string;
  readonly LogPos: number;
  /** 0 binary log, 1 relay log. */
  readonly Type: 0 | 1;
}

export function coordinates(position: BinlogPosition | null | undefined, type: 0 | 1 = 0): BinlogCoordinates {
  return { LogFile: position?.file ?? '', LogPos: position?.position ?? 0, Type: type };
}

export interface NullInt64 {
  readonly Int64: number;
  readonly Valid: boolean;
}

export function nullInt64(value: number | null | undefined): NullInt64 {
  return value === null || value === undefined ? { Int64: 0, Valid: false } : { Int64: value, Valid: true };
}

export interface NullBool {
  readonly Bool: boolean;
  readonly Valid: boolean;
}

export function nullBool(value: boolean | null): NullBool {
  return value === null ? { Bool: false, Valid: false } : { Bool: value, Valid: true };
}

/** `YYYY-MM-DD hh:mm:ss`, UTC; '' for what never happened. */
export function timestamp(atMs: number | null | undefined): string {
  if (atMs === null || atMs === undefined) return '';
  return new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Durations are whole nanoseconds there. */
export function nanoseconds(durationMs: number): number {
  return Math.round(durationMs * 1e6);
}
