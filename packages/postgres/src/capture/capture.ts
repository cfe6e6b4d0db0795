/**
 * A database's changes into Kafka, exactly once: records and the position in the source's log are committed in one
 * Kafka transaction, and whoever captures later under the same name fences those before. Whatever fails, the source,
 * the cluster or this process, the next try goes on from the position that Kafka has.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMillraceError, MillraceError, messageOf } from '@millrace/base';
import type { Client as KafkaClient, Producer } from '@millrace/client';
import type { Client } from 'pg';
import { withConnection } from '../connection.ts';
import type { Lsn } from '../replication/lsn.ts';
import { ensurePublications, hasIdentity, publicationNames } from '../replication/publications.ts';
import { ReplicationStream } from '../replication/replication-stream.ts';
import { checkSource, ensureSlot, SourceError } from '../replication/slot.ts';
import { StreamedTransactions } from '../replication/streamed-transactions.ts';
import type { EncodingOptions } from '../replication/values/encoder.ts';
import { CaptureRun } from './capture-run.ts';
import { CaptureTopics } from './capture-topics.ts';
import { CapturedTables } from './captured-tables.ts';
import { CatalogWatch } from './catalog-watch.ts';
import type { Origin } from './change-events.ts';
import { describeTables } from './describe-tables.ts';
import { JsonEvents } from './json-events.ts';
import { writeMark } from './marks.ts';
import { type CaptureProgress, readProgress } from './progress.ts';
import { RecordWriter } from './record-writer.ts';
import type { ShapeChange } from './schema-history.ts';
import { Sessions } from './sessions.ts';
import { dropSlot, SlotBoundError, type SlotLimits, type SlotState, watchSlot } from './slot-watch.ts';
import { SnapshotReader } from './snapshot-reader.ts';

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
  /** How many tables are read at a time. Default 2. */
  readonly readers?: number | undefined;
  /** Whether events tell their transaction, and a topic when each begins and ends. Default true. */
  readonly transactionMarkers?: boolean | undefined;
  /** How often the catalog and the slot are looked at, in ms. Default 1,000 and 5,000. */
  readonly catalogMs?: number | undefined;
  readonly slotMs?: number | undefined;
  /** Where large transactions wait for their commit, in a folder of its own. Default: the system's temporary one. */
  readonly spillDirectory?: string | undefined;
  readonly slotLimits?: SlotLimits | undefined;
  /** A Kafka transaction takes up to so long, and up to so many records. Default 100 and 20,000. */
  readonly commitMs?: number | undefined;
  readonly commitRecords?: number | undefined;
  readonly report?: ((event: CaptureEvent) => void) | undefined;
}

export type CaptureEvent =
  | { readonly kind: 'streaming'; readonly lsn: string; readonly tables: number }
  | { readonly kind: 'committed'; readonly records: number; readonly lsn: string; readonly lagMs: number }
  | { readonly kind: 'snapshot'; readonly table: string; readonly rows: number; readonly isDone: boolean }
  | { readonly kind: 'schema'; readonly change: ShapeChange['type']; readonly table: string }
  /** A table without a key is read in one transaction, however long that takes. */
  | { readonly kind: 'no_key'; readonly table: string }
  /** The server sends no updates and deletes of it. */
  | { readonly kind: 'no_identity'; readonly table: string }
  | { readonly kind: 'snapshot_asked'; readonly tables: readonly string[] }
  | ({ readonly kind: 'slot' } & SlotState)
  /** `max_slot_wal_keep_size` is not set: while the capture stands still nothing bounds the log that is kept for it. */
  | { readonly kind: 'slot_unbounded' }
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
      if (error instanceof SlotBoundError && options.slotLimits?.beyond === 'drop') {
        await withConnection(options.url, (client) => dropSlot(client, `millrace_${options.name}`));
      }
      if (error instanceof SourceError || isMillraceError(error, 'producer_fenced') || !isPassing(error)) throw error;
      // What ran for long had nothing to do with the failures before.
      if (performance.now() - begun > 30_000) tries = 0;
      const inMs = Math.min(200 * 2 ** tries, 10_000);
      options.report?.({ kind: 'retrying', why: messageOf(error), inMs });
      await sleep(inMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/**
 * Asks a capture to read the rows of tables (again) while it streams; where it does not run now, when it runs again.
 * The request goes through the source's log.
 */
export async function requestSnapshot(
  client: Client,
  { capture, tables }: { readonly capture: string; readonly tables: readonly string[] },
): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [
    `millrace_${capture}`,
  ]);
  if (rowCount === 0) throw new CaptureError(`there is no capture ${capture} of this database, which could be asked`);
  await writeMark(client, capture, { kind: 'snapshot', tables });
}

/** A failure of the network, the source or the cluster; a mistake of ours is none. */
function isPassing(error: unknown): boolean {
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError);
}

async function captureOnce(options: CaptureOptions, signal: AbortSignal): Promise<void> {
  const { name, kafka, report = () => undefined } = options;
  await using sessions = new Sessions(options.url);
  const source = await sessions.open();
  const producer = kafka.producer({ transactionalId: `millrace.dbsync.${name}`, compression: 'lz4' });
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  try {
    const { database, version, boundsSlots } = await checkSource(source);
    if (!boundsSlots) report({ kind: 'slot_unbounded' });
    const hasGenerated = version >= 18;
    const slot = `millrace_${name}`;
    const publications = publicationNames(slot, hasGenerated);
    const origin = originOf(options, database);
    const wanted = { patterns: options.tables ?? [], hasGenerated };
    await ensurePublications(source, publications, await describeTables(source, wanted));
    const slotLsn = await ensureSlot(source, slot, version);
    const topics = new CaptureTopics(options);
    await topics.ensureOwn(origin);
    // Ends what an earlier process left open, and fences it, before its progress is read.
    await (await producer.begin()).abort();
    const progress = await beginOrGoOn(options, slotLsn);
    const readers = await Promise.all(Array.from({ length: options.readers ?? 2 }, () => sessions.open()));
    const reader = new SnapshotReader({ capture: name, sessions: readers, hasGenerated, signal: ended });
    const { commitMs = 100, commitRecords = 20_000 } = options;
    const tables = new CapturedTables(
      {
        ...{ source, origin, patterns: wanted.patterns, hasGenerated, isRead: options.snapshot !== false },
        encoding: { decimals: options.decimals },
        makeWriter: (parts) => new JsonEvents(parts),
        ensureTopic: (topic) => topics.ensure(topic),
        changed: (change) => tellChange(change, report),
      },
      reader,
      progress,
    );
    const session = await sessions.open();
    const catalog = new CatalogWatch({ session, capture: name, publications, wanted, signal: ended });
    // Its mark stands before all that comes later, so that tables are known before their rows.
    await catalog.look();
    await using streamed = new StreamedTransactions(options.spillDirectory);
    await using stream = await ReplicationStream.open({
      ...{ url: options.url, slot, from: progress.lsn },
      publications: [publications.all, publications.inserts],
    });
    catalog.begin(options.catalogMs ?? 1_000);
    let failure: unknown;
    watchOwnSlot(await sessions.open(), options, ended).catch((error: unknown) => {
      failure = error;
    });
    const run = new CaptureRun({
      ...{ options, origin, stream, streamed, tables, reader, catalog, progress, signal },
      writer: new RecordWriter(producer, { name, limits: { commitMs, commitRecords }, signal }),
      throwIfFailed() {
        if (failure !== undefined) throw failure;
        reader.throwIfFailed();
        catalog.throwIfFailed();
      },
    });
    await run.untilStopped();
  } finally {
    stop.abort();
    await closeQuietly(producer);
  }
}

async function watchOwnSlot(session: Client, options: CaptureOptions, signal: AbortSignal): Promise<void> {
  const { name, slotLimits = {}, slotMs = 5_000, report = () => undefined } = options;
  const tell = (state: SlotState): void => report({ kind: 'slot', ...state });
  await watchSlot(session, `millrace_${name}`, { limits: slotLimits, everyMs: slotMs, report: tell }, signal);
}

function originOf({ name, topicOf }: CaptureOptions, database: string): Origin {
  const prefix = `dbsync.${legalName(database)}`;
  return {
    ...{ database, name, topicOf: topicOf ?? topicNames(database) },
    schemaTopic: `${prefix}.schema-changes`,
    transactionTopic: `${prefix}.transaction`,
  };
}

function tellChange({ type, before, after }: ShapeChange, report: (event: CaptureEvent) => void): void {
  const table = `${(after ?? before)?.schema}.${(after ?? before)?.table}`;
  report({ kind: 'schema', change: type, table });
  if (after === undefined || type === 'ALTER') return;
  if (after.key.length === 0) report({ kind: 'no_key', table });
  if (!hasIdentity(after)) report({ kind: 'no_identity', table });
}

async function beginOrGoOn({ kafka, name }: CaptureOptions, slotLsn: Lsn): Promise<CaptureProgress> {
  const progress = await readProgress(kafka, name);
  if (progress === undefined) return { lsn: slotLsn, partial: undefined, version: 0, tables: new Map() };
  if (progress.lsn < slotLsn) throw lostPosition(name);
  return progress;
}

function lostPosition(name: string): SourceError {
  return new SourceError(
    `the slot millrace_${name} is further than what Kafka has of capture ${name}: changes in between are lost to it; ` +
      'capture under another name, which reads the tables again',
  );
}

/** The default of `topicOf`. */
export function topicNames(database: string): (schema: string, table: string) => string {
  return (schema, table) => `dbsync.${legalName(database)}.${legalName(schema)}.${legalName(table)}`;
}

function legalName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
}

async function closeQuietly(producer: Producer): Promise<void> {
  await producer.close({ signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
}
