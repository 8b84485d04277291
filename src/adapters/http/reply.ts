/**
 * Answers as values: a route returns one, the server writes it. Whatever the question was, the answer of an `/api/`
 * route is JSON, because the shell client takes anything else for "not reachable" and asks again for twelve seconds.
 */
import type { Refusal } from '../../runtime/ports/service.js';
import { legacyJson } from './legacy/json.js';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export const JSON_TYPE = 'application/json; charset=UTF-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';

/** A bare value, as the incumbent answers most reads. */
export function bare(value: unknown, status = 200): Reply {
  return { status, contentType: JSON_TYPE, body: legacyJson(value) };
}

/** Bytes that are JSON already. */
export function bareBytes(body: Buffer): Reply {
  return { status: 200, contentType: JSON_TYPE, body };
}

/** `{"Code":"OK",...}`: how the incumbent answers writes, and a few reads. */
export function done(message: string, details: unknown): Reply {
  return { status: 200, contentType: JSON_TYPE, body: envelope('OK', message, legacyJson(details ?? null)) };
}

/** The same around bytes that are JSON already. */
export function doneBytes(message: string, details: Buffer): Reply {
  return bareBytes(doneEnvelope(message, details));
}

/** Such an answer's bytes, to be kept: put together anew for every request they would be most of its cost. */
export function doneEnvelope(message: string, details: Buffer): Buffer {
  return Buffer.concat([Buffer.from(envelopeHead('OK', message)), details, ENVELOPE_TAIL]);
}

/** Every error of a handler is a 500 with this envelope: the incumbent's clients look at `Code`, balancers at the status. */
export function refused(message: string, details: unknown = null, headers?: Readonly<Record<string, string>>): Reply {
  const reply = { status: 500, contentType: JSON_TYPE, body: envelope('ERROR', message, legacyJson(details ?? null)) };
  return headers === undefined ? reply : { ...reply, headers };
}

/** A use case said no: its sentence for people, its code in a header for programs. */
export function declined(refusal: Refusal, details: unknown = null): Reply {
  return refused(refusal.message, details, { 'x-orchestrator-refusal': refusal.code });
}

export function plain(text: string, status = 200, headers?: Readonly<Record<string, string>>): Reply {
  const reply = { status, contentType: TEXT_TYPE, body: text };
  return headers === undefined ? reply : { ...reply, headers };
}

export function redirect(location: string): Reply {
  return { status: 302, contentType: TEXT_TYPE, body: '', headers: { location } };
}

const ENVELOPE_TAIL = Buffer.from('}');

function envelope(code: 'OK' | 'ERROR', message: string, details: string): string {
  return `${envelopeHead(code, message)}${details}}`;
}

function envelopeHead(code: 'OK' | 'ERROR', message: string): string {
  return `{"Code":"${code}","Message":${legacyJson(message)},"Details":`;
}
