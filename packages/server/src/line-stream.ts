/** Writes values as lines of JSON (NDJSON), no faster than the client reads them. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ProblemError } from '@millrace/api';

export interface LineStreamOptions {
  readonly signal: AbortSignal;
  /** What a client is told when making the values fails after the first: the last line. */
  problemOf(error: unknown): ProblemError;
}

/**
 * Writes the first value, then all others, and ends the response. When the signal aborts, the iterator is told to end.
 */
export async function writeLines(
  response: ServerResponse,
  first: IteratorResult<unknown>,
  values: AsyncIterator<unknown>,
  { signal, problemOf }: LineStreamOptions,
): Promise<void> {
  response.flushHeaders();
  try {
    let next = first;
    while (next.done !== true && !signal.aborted) {
      if (!response.write(`${JSON.stringify(next.value)}\n`)) await once(response, 'drain', { signal });
      next = await values.next();
    }
  } catch (error) {
    if (!signal.aborted) response.write(`${JSON.stringify({ problem: problemOf(error).toProblem() })}\n`);
  } finally {
    // Who reads nothing would hold up the end.
    if (signal.aborted && response.writableNeedDrain) response.destroy();
    else response.end();
    if (signal.aborted) await values.return?.();
  }
}
