/** ListTransactions, versions 0 to 2: those that this broker coordinates. */
import { listTransactions as api, errorCodes } from '@millrace/wire';
import type { RE2JS } from 're2js';
import { coordinates } from '../groups/coordinator-endpoint.ts';
import type { Handler } from '../handler.ts';
import { re2js } from '../on-demand.ts';
import { allows } from '../security/authorization.ts';
import { transactionStates } from '../transactions/transaction.ts';

export const listTransactions: Handler<typeof api> = {
  api,

  handle({ stateFilters, producerIdFilters, durationFilter, transactionalIdPattern }, context) {
    const { cluster } = context.broker;
    const pattern = transactionalIdPattern ? compile(transactionalIdPattern) : undefined;
    if (pattern === null) {
      return { errorCode: errorCodes.INVALID_REGULAR_EXPRESSION, unknownStateFilters: [], transactionStates: [] };
    }
    const now = cluster.platform.clock.now();
    const listed = [...cluster.transactions.all()].filter(
      ({ id, facts }) =>
        coordinates(context.broker, id) &&
        (stateFilters.length === 0 || stateFilters.includes(facts.state)) &&
        (producerIdFilters.length === 0 || producerIdFilters.includes(facts.producerId)) &&
        (durationFilter < 0 || now - facts.startedAt > durationFilter) &&
        (pattern === undefined || pattern.matches(id)) &&
        allows(context, 'Describe', 'TransactionalId', id),
    );
    return {
      errorCode: errorCodes.NONE,
      unknownStateFilters: stateFilters.filter((state) => !transactionStates.includes(state)),
      transactionStates: listed.map(({ id, facts }) => ({
        transactionalId: id,
        producerId: facts.producerId,
        transactionState: facts.state,
      })),
    };
  },
};

/** The pattern, or null when it is none. */
function compile(text: string): RE2JS | null {
  try {
    return re2js().RE2JS.compile(text);
  } catch (error) {
    if (error instanceof re2js().RE2JSException) return null;
    throw error;
  }
}
