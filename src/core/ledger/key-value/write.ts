/**
 * What a client may ask of the key-value store, and what it may not. The limits stand here because they are part of the
 * replicated state: a member that judged a write by other limits would hold another state than the rest.
 *
 * Every change has a revision, one above that of the change before, across all keys. A write that changes nothing uses
 * none up.
 */
export type KeyValueWrite =
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  /** `expected` null: only if there is no such key. */
  | {
      readonly kind: 'compare-and-swap';
      readonly key: string;
      readonly expected: string | null;
      readonly value: string;
    }
  | { readonly kind: 'delete'; readonly key: string };

export interface KeyValueEntry {
  readonly value: string;
  /** Of the change that put the value there. */
  readonly revision: number;
}

/** A change, as those who watch are told of it. */
export interface KeyValueEvent {
  readonly key: string;
  /** Null: the key was deleted. */
  readonly value: string | null;
  readonly revision: number;
}

/** What became of one write. `revision` is that of the key's last change, 0 when there is no such key and nothing changed. */
export type KeyValueOutcome =
  | { readonly done: 'changed'; readonly event: KeyValueEvent }
  /** Another value was found than the one expected, or nothing to delete. */
  | { readonly done: 'unchanged'; readonly revision: number }
  /** The store is full; deleting makes room. */
  | { readonly done: 'refused'; readonly reason: string };

export const KEY_BYTES_MAX = 512;
export const VALUE_BYTES_MAX = 256 * 1024;

/**
 * Of all keys and values. Every node holds the store in memory and writes it into every snapshot on the thread that serves
 * requests, so it is meant for names and settings, not for data.
 */
export const STORE_BYTES_MAX = 32 * 1024 * 1024;

/** Keeps a million empty values from taking many times their bytes. */
export const ENTRY_OVERHEAD_BYTES = 64;

const encoder = new TextEncoder();

/** Null, or a sentence that says what is wrong with the write before it is proposed. */
export function complaintAbout(write: KeyValueWrite): string | null {
  if (write.key === '') return 'the key is empty';
  const keyBytes = utf8Bytes(write.key);
  if (keyBytes > KEY_BYTES_MAX) return `the key has ${keyBytes} bytes, at most ${KEY_BYTES_MAX} are allowed`;
  if (write.kind === 'delete') return null;
  for (const value of write.kind === 'put' ? [write.value] : [write.value, write.expected ?? '']) {
    const bytes = utf8Bytes(value);
    if (bytes > VALUE_BYTES_MAX) return `the value has ${bytes} bytes, at most ${VALUE_BYTES_MAX} are allowed`;
  }
  return null;
}

/** Of the text in UTF-8. Most keys and values are so short that they cannot break a limit, and are not measured exactly. */
function utf8Bytes(text: string): number {
  return text.length * 3 <= KEY_BYTES_MAX ? text.length : encoder.encode(text).length;
}
