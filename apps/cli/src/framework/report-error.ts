/** How an error reaches the user: a sentence on stderr, or one line of JSON. */
import { isMillraceError } from '@millrace/base';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { printableLines } from './printable.ts';
import { UsageError } from './usage-error.ts';

/** Writes the error and answers the exit code that it means. */
export function reportError(error: unknown, options: { readonly json: boolean; write(text: string): void }): ExitCode {
  const { code, message, hint, stack } = describe(error);
  if (options.json) {
    options.write(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  } else {
    const lines = [`millrace: ${message}`, ...[hint, stack].filter((part) => part !== null)];
    // A message may have what a server or a broker said in it.
    options.write(`${printableLines(lines.join('\n'))}\n`);
  }
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

interface Description {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  /** Only of what should not happen. */
  readonly stack: string | null;
}

function describe(error: unknown): Description {
  if (isMillraceError(error)) {
    return { code: error.code, message: error.message, hint: error.hint ?? null, stack: null };
  }
  if (isSystemError(error)) return { code: error.code.toLowerCase(), message: error.message, hint: null, stack: null };
  const thrown = error instanceof Error ? error : new Error(String(error));
  return {
    code: 'internal',
    message: `this is a defect in Millrace, and no fault of yours: ${thrown.message}`,
    hint: 'Please report it with the command you ran.',
    stack: thrown.stack ?? null,
  };
}

/** A failure that the operating system named: its message says what and on which path. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}
