import { ProblemError, type Route } from '@millrace/api';
import { isConnectionFailure } from '../database/connection-failure.ts';

/** The route, which answers `unavailable` where the database can't be reached. */
export function withDatabaseAnswers(route: Route): Route {
  const { contract, handle } = route;
  if (contract.kind === 'event-stream' || contract.kind === 'ndjson') return route;
  return {
    contract,
    handle: (async (request: Parameters<typeof handle>[0]) => {
      try {
        return await handle(request);
      } catch (error) {
        if (!isConnectionFailure(error)) throw error;
        const message = 'the system of record can not be asked now; try again in a moment';
        throw new ProblemError('unavailable', message, { cause: error, retryAfterSeconds: 1 });
      }
    }) as Route['handle'],
  };
}
