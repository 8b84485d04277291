/**
 * Commands as bytes. The first byte is the schema version; an entry of a version that this program does not know stops
 * it, because skipping an entry that others apply would make this node's state differ from theirs without a word.
 */
import { assert } from '../base/assert.js';
import type { Command } from './command.js';

/** Raise it when a command's meaning changes; every member must know the version before the leader proposes it. */
export const SCHEMA_VERSION = 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export function encodeCommand(command: Command): Uint8Array {
  const json = encoder.encode(JSON.stringify(command));
  const bytes = new Uint8Array(json.length + 1);
  bytes[0] = SCHEMA_VERSION;
  bytes.set(json, 1);
  return bytes;
}

export function decodeCommand(bytes: Uint8Array): Command {
  const version = bytes[0];
  assert(
    version === SCHEMA_VERSION,
    `the log holds an entry of schema version ${String(version)} and this program knows ${String(SCHEMA_VERSION)}: run the newer program on this node`,
  );
  return JSON.parse(decoder.decode(bytes.subarray(1))) as Command;
}
