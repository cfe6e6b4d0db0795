/**
 * A database's changes into Kafka, exactly once: records and the position in the source's log are committed in one
 * Kafka transaction, and whoever captures later under the same name fences those before. Whatever fails, the source,
 * the cluster or this process, the next try goes on from the position that Kafka has.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMillraceError, MillraceError, messageOf } from '@millrace/base';
import type { Client as KafkaClient, Producer } from '@millrace/client';
import { connect } from '../connection.ts';
import { outputSettings } from '../replication/output-settings.ts';
import { ReplicationStream } from '../replication/replication-stream.ts';
import { checkSource, ensurePublication, ensureSlot, SourceError } from '../replication/slot.ts';
import type { EncodingOptions } from '../replication/values/encoder.ts';
import { readTypes } from '../replication/values/source-types.ts';
import { CaptureRun } from './capture-run.ts';
import { describeTables } from './describe-tables.ts';
import { progressTopic, readProgress } from './progress.ts';

export interface CaptureOptions extends EncodingOptions {
  /** Of the capture: its slot, publication, transactional id and progress are named after it. */
  readonly name: string;
  readonly url: string;
  readonly kafka: KafkaClient;
  /** `schema.table`, with `*` for any characters; all tables when it is empty. */
  readonly tables?: readonly string[] | undefined;
  /** Default `dbsync.<database>.<schema>.<table>`. */
  readonly topicOf?: ((schema: string, table: string) => string) | undefined;
  /** Of topics that it makes. Default 1. */
  readonly partitions?: number | undefined;
  /** Whether rows that were there before are captured too. Default true. */
  readonly snapshot?: boolean | undefined;
  /** A Kafka transaction takes up to so long, and up to so many records. Default 100 and 20,000. */
  readonly commitMs?: number | undefined;
  readonly commitRecords?: number | undefined;
  readonly report?: ((event: CaptureEvent) => void) | undefined;
}

export type CaptureEvent =
  | { readonly kind: 'streaming'; readonly lsn: string; readonly tables: number }
  | { readonly kind: 'committed'; readonly records: number; readonly lsn: string; readonly lagMs: number }
  | { readonly kind: 'snapshot'; readonly table: string; readonly rows: number; readonly isDone: boolean }
  | { readonly kind: 'no_key'; readonly table: string }
  | { readonly kind: 'retrying'; readonly why: string; readonly inMs: number };

/** Names of slots are of these characters alone. */
const nameRule = /^[a-z0-9_]{1,50}$/;

export class CaptureError extends MillraceError {
  readonly code = 'capture_invalid';
}

/**
 * Captures until the signal is aborted. Rejects where trying again can't help: `SourceError`, `CaptureError`, a fenced
 * producer.
 */
export async function runCapture(options: CaptureOptions, signal: AbortSignal): Promise<void> {
  if (!nameRule.test(options.name)) {
    throw new CaptureError(`a capture can't be named ${options.name}: up to 50 of a-z, 0-9 and _ are allowed`);
  }
  for (let tries = 0; !signal.aborted; tries++) {
    const begun = performance.now();
    try {
      await captureOnce(options, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SourceError || isMillraceError(error, 'producer_fenced') || !isPassing(error)) throw error;
      // What ran for long had nothing to do with the failures before.
      if (performance.now() - begun > 30_000) tries = 0;
      const inMs = Math.min(200 * 2 ** tries, 10_000);
      options.report?.({ kind: 'retrying', why: messageOf(error), inMs });
      await sleep(inMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** A failure of the network, the source or the cluster; a mistake of ours is none. */
function isPassing(error: unknown): boolean {
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError);
}

async function captureOnce(options: CaptureOptions, signal: AbortSignal): Promise<void> {
  const { name, url, kafka, report = () => undefined } = options;
  const source = await connect({ connectionString: url, application_name: 'millrace sync', options: outputSettings });
  const chunks = await connect({ connectionString: url, application_name: 'millrace sync', options: outputSettings });
  const producer = kafka.producer({ transactionalId: `millrace.dbsync.${name}`, compression: 'lz4' });
  try {
    await checkSource(source);
    const tables = await describeTables(source, options.tables ?? []);
    for (const table of tables) {
      if (table.key.length === 0) report({ kind: 'no_key', table: `${table.name.schema}.${table.name.name}` });
    }
    const database = await databaseName(source);
    const slot = `millrace_${name}`;
    await ensurePublication(
      source,
      slot,
      tables.map((table) => table.name),
    );
    const slotLsn = await ensureSlot(source, slot);
    await ensureTopics(options, database, tables);
    // Ends what an earlier process left open, and fences it, before its progress is read.
    await (await producer.begin()).abort();
    const progress = (await readProgress(kafka, name)) ?? { lsn: slotLsn, partial: undefined, snapshots: new Map() };
    if (progress.lsn < slotLsn) throw lostPosition(name);
    await using stream = await ReplicationStream.open({ url, slot, publication: slot, from: progress.lsn });
    const types = await readTypes(source);
    const run = new CaptureRun({
      options,
      database,
      producer,
      source,
      chunks,
      stream,
      tables,
      types,
      progress,
      signal,
    });
    await run.untilStopped();
  } finally {
    await closeQuietly(producer);
    await Promise.all([source, chunks].map((client) => client.end().catch(() => undefined)));
  }
}

function lostPosition(name: string): SourceError {
  return new SourceError(
    `the slot millrace_${name} is further than what Kafka has of capture ${name}: changes in between are lost to it; ` +
      'capture under another name, which reads the tables again',
  );
}

async function databaseName(source: Awaited<ReturnType<typeof connect>>): Promise<string> {
  const { rows } = await source.query<{ name: string }>('SELECT current_database() AS name');
  return rows[0]?.name ?? '';
}

/** The default of `topicOf`. */
export function topicNames(database: string): (schema: string, table: string) => string {
  const legal = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
  return (schema, table) => `dbsync.${legal(database)}.${legal(schema)}.${legal(table)}`;
}

async function ensureTopics(
  { kafka, name, partitions = 1, topicOf }: CaptureOptions,
  database: string,
  tables: Awaited<ReturnType<typeof describeTables>>,
): Promise<void> {
  const nameOf = topicOf ?? topicNames(database);
  await using admin = kafka.admin();
  const compacted = { 'cleanup.policy': 'compact' };
  const wanted = [
    { topic: progressTopic(name), partitions: 1, configuration: compacted },
    ...tables.map((table) => ({ topic: nameOf(table.name.schema ?? 'public', table.name.name), partitions })),
  ];
  for (const { error } of await admin.createTopics(wanted)) {
    if (error !== undefined && error.errorName !== 'TOPIC_ALREADY_EXISTS') throw error;
  }
}

async function closeQuietly(producer: Producer): Promise<void> {
  await producer.close({ signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
}
