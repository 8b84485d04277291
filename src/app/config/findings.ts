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

export class Findings {
  readonly #faults: Fault[] = [];
  readonly #remarks: Remark[] = [];

  get faults(): readonly Fault[] {
    return this.#faults;
  }

  get remarks(): readonly Remark[] {
    return this.#remarks;
  }

  fault(key: string | null, text: string): void {
    this.#faults.push({ key, text });
  }

  warn(text: string): void {
    this.#remarks.push({ level: 'warn', text });
  }

  note(text: string): void {
    this.#remarks.push({ level: 'info', text });
  }
}

export function faultText({ key, text }: Fault): string {
  return key === null ? text : `${key}: ${text}`;
}
