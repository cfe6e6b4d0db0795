/** What becomes known of an operation: its own events, and the feed's. */
import type { Transaction } from 'kysely';
import { storable } from '../database/json.ts';
import type { Schema } from '../database/schema.ts';
import { appendEvents } from '../events/event-feed.ts';

export interface OperationNote {
  /** `begun`, `step_done`, and so on. */
  readonly what: string;
  readonly step?: string | undefined;
  /** For people. */
  readonly text: string;
}

/** Adds to the operation's events, and tells the feed. */
export async function note(transaction: Transaction<Schema>, operation: string, told: OperationNote): Promise<void> {
  const { what, step = null, text } = told;
  await transaction
    .insertInto('operation_event')
    .values({ operation, what, step, text: storable(text) })
    .execute();
  await tell(transaction, operation, what);
}

/** Tells the feed alone. */
export async function tell(transaction: Transaction<Schema>, operation: string, what: string): Promise<void> {
  await appendEvents(transaction, [{ kind: 'operation', id: operation, what }]);
}
