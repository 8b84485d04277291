/** What every notation of a configuration file answers, and how it speaks of places in a text that it must not quote. */
import type { Result } from '../../../core/base/result.js';

/** An error says nothing of the file; faults leave the value to be looked at. */
export type Parsed = Result<{ readonly value: unknown; readonly faults: readonly string[] }, string>;

export function placeText(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${String(before.length)}, column ${String((before.at(-1) ?? '').length + 1)}`;
}

export function repeatedText(text: string, offset: number, key: string): string {
  return `${JSON.stringify(key)} at ${placeText(text, offset)} stands there a second time; keep one of them`;
}

/** Samples of the incumbent have comments as members with this key, one after the other. */
export function isComment(key: string): boolean {
  return key.startsWith('#');
}
