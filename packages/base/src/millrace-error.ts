/**
 * The one base of all operating failures: things that go wrong in a correct program (a closed socket, a full disk, bad
 * input). A subclass has a literal `code`, says whether a retry can help, carries its facts as fields, and tells in its
 * message what happened, to what, and what to do next. Nothing may tell errors apart by message text.
 */
const brand = Symbol.for('millrace.error');

/** Base class of operating failures. Subclass it with a literal `code`. */
export abstract class MillraceError extends Error {
  /** Stable machine-readable name in snake_case, for example `port_in_use`. */
  abstract readonly code: string;
  /** Whether the same operation may succeed when tried again without anyone changing anything. */
  readonly retriable: boolean = false;
  /** What the user can do about it, when the message alone does not say. */
  readonly hint: string | undefined;

  constructor(message: string, options: { cause?: unknown; hint?: string | undefined } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
  }

  get [brand](): true {
    return true;
  }
}

/**
 * Whether `error` is an operating failure (of the given code, when one is named). Works across duplicate installations
 * of the package, where `instanceof` does not.
 */
export function isMillraceError<C extends string>(error: unknown, code?: C): error is MillraceError & { code: C } {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return code === undefined || (error as MillraceError).code === code;
}

/** The message of anything thrown, for a sentence shown to a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
