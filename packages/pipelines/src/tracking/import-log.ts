/**
 * Imports an access log: its lines go as events through `tracking.events` like all others, and the totals are counted
 * from there.
 *
 * What is in the topic already is read first, and not sent again. So an import that was killed goes on where it was,
 * and a second import of a file sends nothing; and since a line always becomes the same event, one that got there twice
 * all the same (its first import was killed between sending and reading) counts once. Holds in memory what a
 * counter of events holds, and a few chunks.
 */
import type { TrackingTotals } from '@millrace/api';
import type { Client } from '@millrace/client';
import { openLog, siteOfFile } from './access-log/open-log.ts';
import { type LogSummary, type MalformedLine, readLog } from './access-log/read-log.ts';
import { VisitorNames } from './access-log/visitor-names.ts';
import { EventCounter } from './event-counter.ts';
import { ensureTrackingTopic, trackingEvents } from './topics.ts';
import { loadVisitorKey } from './visitor-key.ts';

export interface ImportOptions {
  readonly client: Client;
  readonly file: string;
  /** Under which name the events are counted; default `siteOfFile`. */
  readonly site?: string | undefined;
  /** How many pages the totals list; default 20. */
  readonly pages?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
}

export interface ImportProgress {
  readonly step: 'reading what is there' | 'importing' | 'counting';
  /** Records or lines so far. */
  readonly done: number;
  /** Which part of the step is done, from 0 to 1. */
  readonly part: number;
}

export interface ImportReport {
  readonly file: string;
  readonly site: string;
  readonly lines: number;
  /** Lines sent by this import, and lines that were there already. */
  readonly sent: number;
  readonly alreadyThere: number;
  readonly malformed: number;
  readonly firstMalformed: readonly MalformedLine[];
  /** Where the file ends in the middle of something; null when it is whole. */
  readonly cut: string | null;
  /** Of the site, all its imports together. */
  readonly totals: TrackingTotals;
}

/** Rejects with `AccessLogError`, with what the client rejects with, or with the signal's reason. */
export async function importLog(options: ImportOptions): Promise<ImportReport> {
  const { client, file, signal, onProgress } = options;
  const site = options.site ?? siteOfFile(file);
  await using log = await openLog(file);
  {
    await using admin = client.admin();
    await ensureTrackingTopic(admin, signal);
  }
  const visitorNames = new VisitorNames(await loadVisitorKey(client, signal));
  await using counter = await EventCounter.open({ site });
  await counter.toEnd(client, signal, ({ done, total }) => {
    onProgress?.({ step: 'reading what is there', done, part: done / total });
  });
  const { sent, summary } = await send(options, log, { site, visitorNames, receivedAt: Date.now() }, counter);
  await counter.toEnd(client, signal, ({ done, total }) => {
    onProgress?.({ step: 'counting', done, part: done / total });
  });
  return {
    file,
    site,
    lines: summary.lines,
    sent,
    alreadyThere: summary.lines - summary.malformed - sent,
    malformed: summary.malformed,
    firstMalformed: summary.firstMalformed,
    cut: summary.cut ?? null,
    totals: counter.view.totals({ site, pages: options.pages }),
  };
}

/** Sends the lines that were not counted, and waits until they are stored. */
async function send(
  options: ImportOptions,
  log: Awaited<ReturnType<typeof openLog>>,
  origin: Parameters<typeof readLog>[1],
  counter: EventCounter,
): Promise<{ sent: number; summary: LogSummary }> {
  const { client, signal, onProgress } = options;
  await using producer = client.producer({ lingerMs: 5 });
  let sent = 0;
  let room = true;
  const summary = await readLog(
    log,
    origin,
    {
      onEvent: (event) => {
        if (counter.has(event)) return;
        sent++;
        room = producer.write({ topic: trackingEvents, key: event.messageId, value: event });
      },
      onChunk: async ({ lines }) => {
        onProgress?.({ step: 'importing', done: lines, part: log.bytesRead / log.size });
        if (!room) await producer.ready({ signal });
      },
    },
    signal,
  );
  await producer.flush({ signal });
  return { sent, summary };
}
