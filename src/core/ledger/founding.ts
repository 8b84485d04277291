/**
 * A cluster is founded once, and its log says so. The id of a cluster comes from the list of its founders, so the same
 * machines that start again on empty disks are a cluster of the same id with another history; a founder that was away keeps
 * the old one. Therefore a leader names the founding in the entry with which it opens its term: before it, nothing that the
 * term brings can be committed. The first name in the log holds for ever; a log of a program that named none gets one from
 * the next leader.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const NAME = /^[0-9a-f]{32}$/;

export function encodeFounding(founding: string): Uint8Array {
  return encoder.encode(founding);
}

/** Null: the entry names none. */
export function decodeFounding(payload: Uint8Array): string | null {
  if (payload.length === 0) return null;
  const text = decoder.decode(payload);
  return NAME.test(text) ? text : null;
}
