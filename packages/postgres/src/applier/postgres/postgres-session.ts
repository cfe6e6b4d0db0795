/** A session of the target database: a batch is one transaction, positions included. */
import { messageOf } from '@millrace/base';
import { type Client, DatabaseError } from 'pg';
import type { AppliedBatch, AppliedChange, TargetSession, TellApplied } from '../target.ts';
import type { WritingOptions } from '../values/written-value.ts';
import { movePositions } from './state-tables.ts';
import { TableWriter } from './table-writer.ts';

export interface SessionParts {
  readonly client: Client;
  readonly applier: string;
  readonly writing: WritingOptions;
  readonly tell: TellApplied;
}

/** Keys that collide while a batch is applied out of order, and rows that come twice under one key of the server's. */
const orderCodes = new Set(['23505', '23503', '23P01', '21000']);

export class PostgresSession implements TargetSession {
  readonly #parts: SessionParts;
  #writers = new Map<string, TableWriter>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  async apply(batch: AppliedBatch): Promise<void> {
    try {
      await this.#transact(batch, false);
    } catch (error) {
      if (!(error instanceof DatabaseError) || !orderCodes.has(error.code ?? '')) throw error;
      this.#parts.tell({ kind: 'one_by_one', why: messageOf(error) });
      await this.#transact(batch, true);
    }
  }

  async close(): Promise<void> {
    await this.#parts.client.end().catch(() => undefined);
  }

  async #transact({ changes, positions }: AppliedBatch, oneByOne: boolean): Promise<void> {
    const { client, applier } = this.#parts;
    await client.query('BEGIN');
    try {
      await client.query('SET CONSTRAINTS ALL DEFERRED');
      for (const [id, group] of groups(changes, oneByOne)) {
        const [{ change }] = group as [AppliedChange];
        const { schema, name } = change.table;
        const writer = this.#writers.get(id) ?? new TableWriter(this.#parts, { schema, name });
        this.#writers.set(id, writer);
        await writer.apply(group, oneByOne);
      }
      await movePositions(client, applier, positions);
      await client.query('COMMIT');
    } catch (error) {
      // What writers know of tables may have been taken back with the transaction.
      this.#writers = new Map();
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}

/** By table; one by one, in runs of one table, so that the order between tables is kept too. */
function groups(changes: readonly AppliedChange[], oneByOne: boolean): [string, AppliedChange[]][] {
  const found: [string, AppliedChange[]][] = [];
  const byTable = new Map<string, AppliedChange[]>();
  for (const each of changes) {
    const { schema, name } = each.change.table;
    const id = JSON.stringify([schema, name]);
    const group = oneByOne && found.at(-1)?.[0] !== id ? undefined : byTable.get(id);
    if (group !== undefined) group.push(each);
    else {
      const begun = [each];
      byTable.set(id, begun);
      found.push([id, begun]);
    }
  }
  return found;
}
