/**
 * One check of a contract suite. It throws when the contract is broken; any test runner can call
 * it.
 */
export interface Check {
  readonly name: string;
  run(): Promise<void>;
}

/** @throws Error with `message` unless `condition` holds. */
export function ensure(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
