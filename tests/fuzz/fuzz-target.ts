/** What is fuzzed, and what fuzzing it needs to know. */
import { isMillraceError } from '@millrace/base';

/** One decoder that reads bytes from outside, and what is known of its inputs. */
export interface FuzzTarget {
  /** Also the folder of its own corpus, `corpus/<name>`. */
  readonly name: string;
  /** Inputs of a run at scale 1. */
  readonly inputs: number;
  /** Valid inputs that others are made from, each of at most `inputBytesMax`. */
  readonly seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /**
   * Reads `input` in every way the product does. It may throw a `MillraceError`; whatever else is thrown is a finding,
   * and so is a rejection that nobody handles. What it returns, if anything, names the kind of outcome: inputs with a
   * new outcome become seeds themselves.
   */
  readonly run: (input: Uint8Array) => string | undefined | Promise<string | undefined>;
}

/**
 * Reads what may end in an error of the project, after which other readings of the same input follow. Names the
 * outcome; messages that differ in numbers only are one.
 */
export function attempt(read: () => unknown): string {
  try {
    return String(read());
  } catch (error) {
    return outcomeOf(error);
  }
}

/** The same for what answers later. */
export async function attemptLater(read: () => Promise<unknown>): Promise<string> {
  try {
    return String(await read());
  } catch (error) {
    return outcomeOf(error);
  }
}

function outcomeOf(error: unknown): string {
  if (!isMillraceError(error)) throw error;
  return kindOfMessage(error.message);
}

/** What messages have in common that differ only in numbers and in what they quote of an input. */
export function kindOfMessage(message: string): string {
  return message.replace(/(["'`]).*\1/gs, '$1').replace(/\d+/g, '0');
}
