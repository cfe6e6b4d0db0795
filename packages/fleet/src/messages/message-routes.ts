/**
 * Search in the records of a topic. Who may is judged by team and data class before anything is read, and each search
 * is in the audit log before its first line; what was searched for is not, since it may be a secret itself.
 */
import { implement, type Principal, ProblemError, principalText, type Route } from '@millrace/api';
import {
  browseMessagesContract,
  type MessageLine,
  type MessageSearch,
  searchMessagesContract,
} from '@millrace/api/fleet';
import type { Kysely } from 'kysely';
import { requireRecords } from '../access/may-read-records.ts';
import { appendAudit } from '../audit/audit-entry.ts';
import type { FleetClusters } from '../clusters/fleet-clusters.ts';
import type { Schema } from '../database/schema.ts';
import type { FleetRecord } from '../record/record.ts';
import { searchMessages } from './search-messages.ts';

export interface MessageParts {
  readonly db: Kysely<Schema>;
  readonly record: Pick<FleetRecord, 'current'>;
  readonly clusters: Pick<FleetClusters, 'client'>;
}

interface Asked {
  readonly principal: Principal;
  readonly cluster: string;
  readonly topic: string;
  readonly search: MessageSearch;
  readonly signal: AbortSignal;
}

/** Searches at once, of one caller and of all. */
const ownMax = 3;
const allMax = 12;

export function messageRoutes(parts: MessageParts): Route[] {
  const running = new Running();
  const answer = (asked: Asked): AsyncGenerator<MessageLine> => search(parts, running, asked);
  return [
    implement(searchMessagesContract, ({ principal, params, body, signal }) =>
      answer({ principal, ...params, search: body, signal }),
    ),
    implement(browseMessagesContract, ({ principal, params, query, signal }) => {
      const { partition, ...fields } = query;
      const wish = { ...fields, ...(partition !== undefined && { partitions: [partition] }) };
      return answer({ principal, ...params, search: wish, signal });
    }),
  ];
}

async function* search(
  { db, record, clusters }: MessageParts,
  running: Running,
  { principal, cluster, topic, search: wish, signal }: Asked,
): AsyncGenerator<MessageLine> {
  requireRecords(principal, record.current(), cluster, topic);
  if (record.current().get('cluster', cluster) === undefined) {
    throw new ProblemError('not_found', `there is no cluster ${JSON.stringify(cluster)} in the fleet`);
  }
  const client = await clusters.client(cluster);
  using _turn = running.begin(principalText(principal));
  const { from, until, partitions, why = 'to look at them' } = wish;
  const criteria = (['key', 'value', 'header', 'filter'] as const).filter((name) => wish[name] !== undefined);
  await db.transaction().execute((transaction) => {
    const range = {
      from: from ?? null,
      until: until ?? null,
      partitions: partitions ?? null,
      startAt: wish.startAt ?? null,
    };
    const after = { ...range, criteria };
    const what = { kind: 'topic', id: `${cluster}/${topic}`, after, why };
    return appendAudit(transaction, [{ principal, action: 'messages.searched', ...what }]);
  });
  yield* searchMessages(client, topic, wish, signal);
}

/** How many searches are under way, and whose. */
class Running {
  readonly #byCaller = new Map<string, number>();
  #all = 0;

  begin(caller: string): Disposable {
    const own = this.#byCaller.get(caller) ?? 0;
    if (own >= ownMax || this.#all >= allMax) {
      throw new ProblemError('rate_limited', 'too many searches are under way; wait until one has ended', {
        retryAfterSeconds: 1,
      });
    }
    this.#all++;
    this.#byCaller.set(caller, own + 1);
    return {
      [Symbol.dispose]: () => {
        this.#all--;
        const left = (this.#byCaller.get(caller) ?? 1) - 1;
        if (left === 0) this.#byCaller.delete(caller);
        else this.#byCaller.set(caller, left);
      },
    };
  }
}
