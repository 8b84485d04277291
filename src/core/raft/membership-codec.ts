/**
 * A membership as the payload of a log entry. JSON with its keys in a fixed order: the same membership is the same bytes on
 * every node, an operator can read it in a dump of the log, and the version number lets a later format be told apart.
 */
import { assert } from '../base/assert.js';
import type { Membership, NodeId } from './message.js';

const FORMAT_VERSION = 1;

export function encodeMembership(membership: Membership): Uint8Array {
  const addresses = Object.entries(membership.addresses).sort(([left], [right]) => (left < right ? -1 : 1));
  const text = JSON.stringify({
    version: FORMAT_VERSION,
    voters: membership.voters,
    outgoing: membership.outgoing,
    learners: membership.learners,
    addresses: Object.fromEntries(addresses),
  });
  return new TextEncoder().encode(text);
}

/** Asserts on bytes that no node of this version wrote: a membership that is guessed at would be two clusters. */
export function decodeMembership(payload: Uint8Array): Membership {
  const value: unknown = JSON.parse(new TextDecoder().decode(payload));
  assert(isRecord(value) && value['version'] === FORMAT_VERSION, 'membership entry of an unknown format');
  return {
    voters: nodeIds(value['voters']),
    outgoing: nodeIds(value['outgoing']),
    learners: nodeIds(value['learners']),
    addresses: addressTable(value['addresses']),
  };
}

function nodeIds(value: unknown): readonly NodeId[] {
  assert(Array.isArray(value) && value.every(isNodeId), 'membership entry: a list of ids is missing');
  return value;
}

function isNodeId(value: unknown): value is NodeId {
  return typeof value === 'string' && value.length > 0;
}

function addressTable(value: unknown): Readonly<Record<string, string>> {
  assert(isRecord(value), 'membership entry: the addresses are missing');
  assert(
    Object.values(value).every((address) => typeof address === 'string'),
    'membership entry: an address is not a string',
  );
  return value as Readonly<Record<string, string>>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
