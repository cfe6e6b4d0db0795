/**
 * What a command has of the world around it: stdout for results, stderr for all else, stdin, and the wish to stop.
 */
import type { Output } from './output.ts';
import { printableLines } from './printable.ts';

export interface Terminal {
  /** Results are printed as JSON. */
  readonly json: boolean;
  /** Results: what a script reads. */
  readonly output: Output;
  readonly stdin: NodeJS.ReadStream;
  /** Aborted by Ctrl-C, SIGTERM, or a closed pipe; its reason is a `Stopped`. The command then closes cleanly. */
  readonly signal: AbortSignal;
  /** Somebody sits there and can answer: stdin and stderr are a terminal. */
  readonly canAsk: boolean;
  /** Stderr is a terminal: progress may redraw its line. */
  readonly shows: boolean;
  /** Columns of stderr's terminal, or 80. */
  readonly columns: number;
  /** Likewise its rows, or 24. */
  readonly rows: number;
  /** A line on stderr; control characters in it are shown, not written. */
  note(line: string): void;
  /** Text on stderr as it is. */
  draw(text: string): void;
}

/** The terminal of this process. */
export function processTerminal(options: { json: boolean; output: Output; signal: AbortSignal }): Terminal {
  const { stdin, stderr } = process;
  // A closed stderr has nobody to be told.
  stderr.on('error', () => undefined);
  return {
    ...options,
    stdin,
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    shows: stderr.isTTY === true,
    // A terminal that does not know its width says 0.
    get columns() {
      return stderr.columns || 80;
    },
    get rows() {
      return stderr.rows || 24;
    },
    note: (line) => void stderr.write(`${printableLines(line)}\n`),
    draw: (text) => void stderr.write(text),
  };
}
