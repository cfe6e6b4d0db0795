/** One decoder that reads bytes from outside, and what is known of its inputs. */
export interface FuzzTarget {
  /** Also the folder of its own corpus, `corpus/<name>`. */
  readonly name: string;
  /** Inputs of a run at scale 1. */
  readonly inputs: number;
  /** Valid inputs that others are made from, each of at most `inputBytesMax`. */
  readonly seeds: () => readonly Uint8Array[];
  /**
   * Reads `input` in every way the product does. It may throw a `MillraceError`; whatever else is thrown is a finding.
   * What it returns, if anything, names the kind of outcome: inputs with a new outcome become seeds themselves.
   */
  readonly run: (input: Uint8Array) => string | undefined;
}
