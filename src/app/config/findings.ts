/**
 * What reading a configuration brings to light. Faults stop the start, all of them reported at once: a file with three
 * mistakes must not take three restarts to mend. Remarks are lines for the log of the node that starts.
 */
export interface Fault {
  /** The key, or null where the fault is with a file. */
  readonly key: string | null;
  readonly text: string;
}

export interface Remark {
  readonly level: 'info' | 'warn';
  readonly text: string;
}

/** A shorter text would be found by chance in half of all sentences. */
const CONCEALED_LENGTH_MIN = 5;

export class Findings {
  readonly #faults: Fault[] = [];
  readonly #remarks: Remark[] = [];
  readonly #concealed = new Map<string, string>();

  get faults(): readonly Fault[] {
    return this.#faults;
  }

  get remarks(): readonly Remark[] {
    return this.#remarks;
  }

  fault(key: string | null, text: string): void {
    this.#faults.push({ key, text: this.#fit(text) });
  }

  warn(text: string): void {
    this.#remarks.push({ level: 'warn', text: this.#fit(text) });
  }

  note(text: string): void {
    this.#remarks.push({ level: 'info', text: this.#fit(text) });
  }

  /** From now on no sentence shows this text; `instead` stands in its place. Whoever finds fault with a value may quote it. */
  conceal(text: string, instead: string): void {
    if (text.length >= CONCEALED_LENGTH_MIN) this.#concealed.set(text, instead);
  }

  /** Also without the `user:password@` of a URL or of an address, whatever key it was given for. */
  #fit(text: string): string {
    let fit = text;
    for (const [hidden, instead] of this.#concealed) fit = fit.replaceAll(hidden, instead);
    return fit.replaceAll(/:\/\/[^/\s"]*@/g, '://(secret)@').replaceAll(/[^/\s"@:]+:[^/\s"@]+@/g, '(secret)@');
  }
}

export function faultText({ key, text }: Fault): string {
  return key === null ? text : `${key}: ${text}`;
}
