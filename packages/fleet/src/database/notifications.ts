/**
 * PostgreSQL's LISTEN on one channel, over a connection of its own that is made again when it breaks. What is notified
 * meanwhile is lost, so listeners are also told whenever a connection begins, and ask for themselves what is new.
 */
import { messageOf, sleep, systemTimers } from '@millrace/base';
import pg from 'pg';

export interface ListenOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly channel: string;
  /** Something may have been notified. */
  readonly onNotified: () => void;
  readonly report: (message: string) => void;
}

const retryMs = 1_000;

/** Listens until the signal aborts; resolves when the connection is gone. */
export async function listen(options: ListenOptions, signal: AbortSignal): Promise<void> {
  let told = '';
  while (!signal.aborted) {
    try {
      await listenOnce(options, signal, () => {
        told = '';
      });
    } catch (error) {
      const sentence = `the database's notifications are not heard, it is asked instead: ${messageOf(error)}`;
      if (sentence !== told && !signal.aborted) options.report(sentence);
      told = sentence;
    }
    await sleep(systemTimers, retryMs, signal).catch(() => undefined);
  }
}

async function listenOnce(options: ListenOptions, signal: AbortSignal, onBegun: () => void): Promise<void> {
  const { url, applicationName, channel, onNotified } = options;
  const client = new pg.Client({
    connectionString: url,
    application_name: `${applicationName}: notifications`,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
  });
  const ended = Promise.withResolvers<void>();
  client.on('error', ended.reject);
  client.on('end', ended.resolve);
  client.on('notification', onNotified);
  const stop = (): void => ended.resolve();
  signal.addEventListener('abort', stop);
  try {
    await client.connect();
    await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    onBegun();
    onNotified();
    await ended.promise;
  } finally {
    signal.removeEventListener('abort', stop);
    // Rejections of a connection that is over already are of no interest.
    ended.promise.catch(() => undefined);
    await client.end().catch(() => undefined);
  }
}
