/**
 * Which batches of lines are stored: a record each in `logs.batches`, in one transaction with the lines. Known are
 * those of the last hour, of all collectors as of when this one began, later its own; the oldest go first when they are
 * many.
 */
import type { Client } from '@millrace/client';
import { readSettled } from '../settled-topic.ts';
import { logBatches } from '../topics.ts';

/**
 * A record of `logs.batches`: a batch by its id, or, by the writer's name, that all its batches so far are answered.
 */
export type BatchRow = StoredBatchRow | AnsweredRow;

export interface AnsweredRow {
  readonly writer: string;
  readonly answered: true;
}

export interface StoredBatchRow {
  /** Whose transaction it was, and the how many-th since that began. */
  readonly writer: string;
  readonly transaction: number;
  /** Of this one time that the batch was sent. */
  readonly token: string;
  readonly lines: number;
  readonly content?: string | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface KnownBatch {
  readonly content: string | undefined;
  readonly at: number;
  /** How often it is stored without its sender having been told. */
  unanswered: number;
}

export const batchWindowMs = 3_600_000;
const knownMax = 200_000;
/** Records have the time of when they were sent, not of when their transaction began. */
const marginMs = 60_000;

export class StoredBatches {
  readonly #known = new Map<string, KnownBatch>();
  readonly #now: () => number;
  #isRead = false;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  find(id: string): KnownBatch | undefined {
    const known = this.#known.get(id);
    return known !== undefined && known.at >= this.#now() - batchWindowMs ? known : undefined;
  }

  /** Notes a batch that is stored now. */
  add(id: string, { content, at }: Pick<StoredBatchRow, 'content' | 'at'>, isAnswered: boolean): void {
    const unanswered = (this.find(id)?.unanswered ?? 0) + (isAnswered ? 0 : 1);
    this.#known.delete(id);
    this.#known.set(id, { content, at, unanswered });
    const oldest = this.#now() - batchWindowMs;
    for (const [other, known] of this.#known) {
      if (known.at >= oldest && this.#known.size <= knownMax) break;
      this.#known.delete(other);
    }
  }

  /**
   * Reads the topic, and answers the tokens of what was stored since a time. Whoever calls has fenced its predecessors.
   * At first all that is remembered is read, and what the last transaction of `writer` stored counts as unanswered,
   * unless the topic says otherwise: its process may have ended before it could answer.
   */
  async read(client: Client, writer: string, sinceMs: number, signal?: AbortSignal): Promise<Set<string>> {
    const isFirst = !this.#isRead;
    const tokens = new Set<string>();
    const rows: { readonly id: string; readonly row: StoredBatchRow }[] = [];
    /** The last transaction of the writer, where it was not answered as far as is known. */
    let last: number | undefined;
    const from = { sinceMs: isFirst ? this.#now() - batchWindowMs : sinceMs - marginMs };
    const take = ({ key, value }: { readonly key: string; readonly value: BatchRow }): void => {
      const isOwn = value.writer === writer;
      if ('answered' in value) {
        if (isOwn) last = undefined;
        return;
      }
      if (isOwn) last = value.transaction;
      tokens.add(value.token);
      if (isFirst) rows.push({ id: key, row: value });
    };
    await readSettled(client, logBatches, from, take, signal);
    for (const { id, row } of rows) this.add(id, row, row.writer !== writer || row.transaction !== last);
    this.#isRead = true;
    return tokens;
  }
}
