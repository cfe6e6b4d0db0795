/**
 * Brings the state of a store in one task from where it is on disk to the end of its changelog.
 *
 * The position on disk is that of the last commit whose rows are there, written with them in one batch. What a
 * transaction of an earlier owner left is waited for: the end is that of all records, and is reached when those before
 * it are committed or aborted.
 */
import { sleep } from '@millrace/base';
import { type Client, unwrap } from '@millrace/client';
import { type ChangelogBatch, ChangelogCopy, type ChangelogCopyOptions } from './changelog-copy.ts';

export interface RestoreOptions extends ChangelogCopyOptions {
  readonly client: Client;
  readonly changelog: string;
  readonly partition: number;
  readonly signal: AbortSignal;
  /** Told after each batch: how many records were read, and how many offsets are left. */
  readonly progress: (read: number, left: number) => void;
}

/** Rejects with the signal's reason when that aborts, or as the client's and the store's calls do. */
export async function restoreStore(options: RestoreOptions): Promise<void> {
  const { client, changelog, partition, signal } = options;
  const place = { topic: changelog, partition };
  await using admin = client.admin();
  const [first, end] = unwrap(
    await admin.listOffsets(
      [
        { ...place, at: 'earliest' },
        { ...place, at: 'latest' },
      ],
      { signal },
    ),
  ).map(({ offset }) => offset) as [number, number];
  // It may be another's by now, or this process's again.
  signal.throwIfAborted();
  const copy = await ChangelogCopy.begin(options, first, end);
  if (copy.next < end) await readChangelog(options, copy, end);
}

async function readChangelog(options: RestoreOptions, copy: ChangelogCopy, end: number): Promise<void> {
  const { client, changelog, partition, platform, signal, progress } = options;
  const place = { topic: changelog, partition };
  const assign = [{ ...place, offset: copy.next }];
  await using consumer = client.consumer({ assign, isolation: 'read_committed', from: 'earliest' });
  const over = new AbortController();
  const ended = AbortSignal.any([signal, over.signal]);
  // What is no record (the ends of transactions) moves the position without a batch.
  const watch = (async () => {
    while (!ended.aborted) {
      await sleep(platform.timers, 5, ended).catch(() => undefined);
      if ((consumer.position(place) ?? 0) >= end) over.abort();
    }
  })();
  try {
    for await (const records of consumer.batches({ signal: ended })) {
      const count = await copy.take(records as ChangelogBatch);
      progress(count, Math.max(0, end - copy.next));
      if (copy.next >= end) break;
    }
  } catch (error) {
    if (signal.aborted || !over.signal.aborted) throw error;
  } finally {
    over.abort();
    await watch;
  }
}
