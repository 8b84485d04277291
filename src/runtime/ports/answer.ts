/** What a use case answers: a value, or a refusal with a code that programs read and a sentence that people read. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function accept<T>(value: T): Answer<T> {
  return { ok: true, value };
}

export function refuse<T>(code: string, message: string): Answer<T> {
  return { ok: false, refusal: { code, message } };
}
