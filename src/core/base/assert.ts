/**
 * Broken invariants end the process; they are never caught to carry on. A node that finds its own state
 * impossible is worth less than no node: its peers take over, a wrong decision would not be taken back.
 */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}

/** For the `default` of an exhaustive switch: adding a member to the union fails to compile here. */
export function assertNever(value: never): never {
  throw new InvariantViolation(`unexpected value: ${JSON.stringify(value)}`);
}

export function assertDefined<T>(value: T | undefined | null, message: string): T {
  assert(value !== undefined && value !== null, message);
  return value;
}
