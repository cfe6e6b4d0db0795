import { ProblemError, type Route } from '@millrace/api';
import { isConnectionFailure } from '../database/connection-failure.ts';

/**
 * The route, which answers with problems where the database can't be reached, or can't take what it was given. A stream
 * of events that has begun ends then, and whoever comes back is told.
 */
export function withDatabaseAnswers(route: Route): Route {
  const { contract, handle } = route;
  if (contract.kind === 'ndjson') {
    const streamed = (request: Parameters<typeof handle>[0]) => {
      return linesOf(handle(request) as unknown as AsyncIterable<unknown>);
    };
    return { contract, handle: streamed as unknown as Route['handle'] };
  }
  return {
    contract,
    handle: (async (request: Parameters<typeof handle>[0]) => {
      try {
        return await handle(request);
      } catch (error) {
        throw databaseAnswer(error);
      }
    }) as Route['handle'],
  };
}

async function* linesOf(lines: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  try {
    yield* lines;
  } catch (error) {
    throw databaseAnswer(error);
  }
}

/** `character_not_in_repertoire` and `untranslatable_character`: a text with NUL, which PostgreSQL does not have. */
const unstorable = new Set(['22021', '22P05']);

/** What whoever asked is told of an error: a problem where it is the database's, else the error itself. */
export function databaseAnswer(cause: unknown): unknown {
  if (isConnectionFailure(cause)) {
    const message = 'the system of record can not be asked now; try again in a moment';
    return new ProblemError('unavailable', message, { cause, retryAfterSeconds: 1 });
  }
  if (cause instanceof Error && 'code' in cause && unstorable.has(String(cause.code))) {
    return new ProblemError('invalid_request', 'a text has the character NUL, which nothing here has', { cause });
  }
  return cause;
}
