/**
 * What a command is. A command's file declares one of these and does no work of its own: it parses, calls, prints.
 * The file imports little, so that its help is instant; what is heavy is imported inside `run`.
 */
import type { ExitCode } from './exit-codes.ts';
import type { Options, Values } from './option.ts';
import type { Terminal } from './terminal.ts';

/** An argument without dashes. */
export interface Operand {
  /** In capitals: `TOPIC`. */
  readonly name: string;
  readonly help: string;
  readonly optional?: true;
  /** Takes all that follow; only the last operand. */
  readonly many?: true;
}

export interface Example {
  readonly command: string;
  readonly does: string;
}

export interface Command<O extends Options = Options> {
  /** Words after `millrace`: `topic create`. */
  readonly name: string;
  /** What it does, as one sentence in the imperative, without a full stop. */
  readonly summary: string;
  /** More, for its help: paragraphs. */
  readonly description?: string;
  readonly operands: readonly Operand[];
  readonly options: O;
  readonly examples: readonly Example[];
  /** It serves until it is told to stop: a SIGTERM is then its ordinary end. */
  readonly serves?: true;
  /**
   * Resolves with nothing when all is done. What it throws is reported, and the exit code is 1 (2 for a UsageError).
   */
  run(call: Call<O>): Promise<ExitCode | undefined>;
}

/** One call of a command. */
export interface Call<O extends Options = Options> {
  readonly options: Values<O>;
  readonly operands: readonly string[];
  readonly terminal: Terminal;
}

/** Declares a command; the options' types reach `run`. */
export function command<const O extends Options>(declared: Command<O>): Command {
  return declared as unknown as Command;
}
