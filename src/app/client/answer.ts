/**
 * What came back, as the incumbent's client understands it: a bare value, or an envelope with a code. The HTTP status is
 * not looked at (an error is a 500 with an envelope), except for the one that says "who are you?".
 */
import { failed, ok, type Result } from '../../core/base/result.js';

export interface ApiAnswer {
  /** The whole of it. */
  readonly body: unknown;
  /** Of an envelope its Details, else the body: what a command is about. */
  readonly payload: unknown;
  /** '' without an envelope. */
  readonly message: string;
}

export interface ApiError {
  readonly message: string;
  /** Null when there are none. */
  readonly details: unknown;
  readonly body: unknown;
}

export function readAnswer(body: unknown): Result<ApiAnswer, ApiError> {
  const code = field(body, 'Code');
  if (code === undefined || Array.isArray(body)) return ok({ body, payload: body, message: '' });
  const message = textOf(field(body, 'Message'));
  const details = field(body, 'Details') ?? null;
  return textOf(code).includes('ERROR') ? failed({ message, details, body }) : ok({ body, payload: details, message });
}

/** A field of a JSON object; undefined of anything else. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** As jq prints it raw: a text as it is, null as "null", everything else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : oneLine(value ?? null);
}

/** Indented JSON with its lines joined by single spaces: what the script's `echo` made of jq's output. */
export function oneLine(value: unknown): string {
  return JSON.stringify(value, null, 1).replace(/\n */g, ' ');
}
