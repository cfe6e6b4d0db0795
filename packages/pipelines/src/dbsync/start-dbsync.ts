/** The platform's own database captured: its tables' rows and changes into topics, for as long as the platform runs. */
import { messageOf } from '@millrace/base';
import type { Client } from '@millrace/client';
import { type CaptureEvent, runCapture } from '@millrace/postgres';
import { platformTables } from './platform-tables.ts';

export interface DbsyncOptions {
  /** Of the database, whose server has `wal_level=logical`. */
  readonly url: string;
  readonly client: Client;
  /** Told what is wrong, as a sentence. */
  readonly warn: (message: string) => void;
}

/** Of the capture, its slot and its progress. */
export const dbsyncName = 'platform';

export interface Dbsync extends AsyncDisposable {
  close(): Promise<void>;
}

/** Begins at once, and goes on with what Kafka has. A failure that lasts is told, and ends the capture alone. */
export function startDbsync({ url, client, warn }: DbsyncOptions): Dbsync {
  const stop = new AbortController();
  const report = (event: CaptureEvent): void => {
    if (event.kind === 'retrying') warn(`dbsync: ${event.why}; tries again`);
  };
  const running = runCapture(
    { name: dbsyncName, url, kafka: client, tables: platformTables, report },
    stop.signal,
  ).catch((error: unknown) => warn(`dbsync: the platform's database is not captured any more: ${messageOf(error)}`));
  const close = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return { close, [Symbol.asyncDispose]: close };
}
