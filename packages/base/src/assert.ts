/**
 * States an invariant of the program. A violation is a bug, never bad input: it throws an `AssertionFailure`, which
 * nothing may catch to go on.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** For the default branch of an exhaustive switch: unreachable unless the types lie. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable value ${String(value)}`);
}

/** A bug in the program itself; the process should stop. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}
