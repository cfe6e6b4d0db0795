/** A capture that runs beside a test, and a source that it captures. */
import type { TestContext } from 'node:test';
import type { Client as KafkaClient } from '@millrace/client';
import { type CaptureEvent, type CaptureOptions, runCapture, withConnection } from '@millrace/postgres';
import { eventually } from '../../support/eventually.ts';
import { startFixture } from '../client/client-fixture.ts';
import type { DatabaseFixture } from '../fleet/database-fixture.ts';

export interface StartedCapture {
  readonly told: CaptureEvent[];
  readonly running: Promise<void>;
  close(): Promise<void>;
}

export function startCapture(t: TestContext, options: Omit<CaptureOptions, 'report'>): StartedCapture {
  const stop = new AbortController();
  const told: CaptureEvent[] = [];
  const running = runCapture({ ...options, report: (event) => told.push(event) }, stop.signal);
  running.catch(() => undefined);
  const close = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  t.after(() => close().catch(() => undefined));
  return { told, running, close };
}

/** A database with these tables, a broker, and a capture that has read the rows that are there. */
export async function startCaptured(
  t: TestContext,
  fixture: DatabaseFixture,
  options: { readonly sql: string; readonly name: string } & Partial<CaptureOptions>,
) {
  const { sql, ...rest } = options;
  const kafka: KafkaClient = (await startFixture(t)).client;
  const url = await fixture.emptyDatabase();
  const database = new URL(url).pathname.slice(1);
  const run = (statements: string) => withConnection(url, (client) => client.query(statements));
  await run(sql);
  const tables = await run(`SELECT FROM pg_tables WHERE schemaname = 'public'`);
  const capture = startCapture(t, { url, kafka, catalogMs: 100, ...rest });
  const isRead = () => capture.told.filter((event) => event.kind === 'snapshot' && event.isDone).length;
  await eventually(() => isRead() >= (tables.rowCount ?? 0));
  return { kafka, url, database, run, capture };
}
