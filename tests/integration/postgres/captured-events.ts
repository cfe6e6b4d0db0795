/** What a capture has written, as readers see it. */
import type { Client as KafkaClient } from '@millrace/client';
import { type ChangeEvent, type SchemaChangeEvent, schemaVersionHeader } from '@millrace/postgres';

export interface Event {
  readonly key: string | null;
  readonly op: string | null;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  /** Of the header `millrace.schema`. */
  readonly version?: number | undefined;
  readonly source?: ChangeEvent['source'] | undefined;
  readonly transaction?: ChangeEvent['transaction'] | undefined;
}

/** All of a topic as readers of committed records see it, each partition in its order. */
export async function events(kafka: KafkaClient, topic: string): Promise<Event[]> {
  const consumer = kafka.consumer({ topics: [topic], from: 'earliest', until: 'end', isolation: 'read_committed' });
  const found: Event[] = [];
  for await (const batch of consumer) {
    for (const { keyBytes, valueBytes, headers } of batch) {
      const key = keyBytes === null ? null : Buffer.from(keyBytes).toString();
      const header = headers.find(({ key: name }) => name === schemaVersionHeader)?.value;
      const version = header === undefined ? undefined : Number(Buffer.from(header ?? []).toString());
      if (valueBytes === null) found.push({ key, op: null, before: null, after: null, version });
      else found.push({ key, version, ...(JSON.parse(Buffer.from(valueBytes).toString()) as Omit<Event, 'key'>) });
    }
  }
  await consumer.close();
  return found;
}

/** Values of a topic of JSON, in their order. */
export async function values<T>(kafka: KafkaClient, topic: string): Promise<T[]> {
  const consumer = kafka.consumer({ topics: [topic], from: 'earliest', until: 'end', isolation: 'read_committed' });
  const found: T[] = [];
  for await (const batch of consumer) {
    for (const { valueBytes } of batch) found.push(JSON.parse(Buffer.from(valueBytes ?? []).toString()) as T);
  }
  await consumer.close();
  return found;
}

/** The changes of shapes in their order, in short: `ALTER public.t 2: id integer, a text`. */
export async function schemaChanges(kafka: KafkaClient, database: string): Promise<string[]> {
  const list = await values<SchemaChangeEvent>(kafka, `dbsync.${database}.schema-changes`);
  return list.flatMap(({ tableChanges }) =>
    tableChanges.map(({ type, id, previousId, table, version, renamedColumns }) => {
      const columns = (table?.columns ?? []).map(({ name, typeExpression }) => `${name} ${typeExpression}`).join(', ');
      const renamed = renamedColumns.map(({ from, to }) => `; ${from} is ${to}`).join('');
      const name = `${previousId === null ? '' : `${previousId} is `}${id}`.replaceAll('"', '');
      return `${type} ${name} ${version}: ${columns}${renamed}`;
    }),
  );
}

/** What the topic says that the table holds, and what is wrong with the order of its events. */
export function replayed(list: readonly Event[]): { rows: Map<string, Record<string, unknown>>; wrong: string[] } {
  const rows = new Map<string, Record<string, unknown>>();
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const { key, op, after: row } of list) {
    if (key === null) continue;
    const known = rows.get(key);
    const version = Number(known?.['version'] ?? 0);
    const next = Number(row?.['version'] ?? 0);
    // A change may come before the row that was there is read.
    const isNew = !seen.has(key);
    seen.add(key);
    if (op === 'd' || op === null) {
      if (op === 'd' && known === undefined && !isNew) wrong.push(`${key} is deleted and was not there`);
      rows.delete(key);
    } else if (row !== null) {
      const isRight =
        isNew || (op === 'u' ? next === version + 1 : op === 'r' ? next === version : known === undefined);
      if (!isRight) wrong.push(`${op} of ${key}: version ${next} after ${version}`);
      rows.set(key, row);
    }
  }
  return { rows, wrong };
}
