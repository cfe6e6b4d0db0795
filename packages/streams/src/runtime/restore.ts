/**
 * Brings the state of a store in one task from where it is on disk to the end of its changelog.
 *
 * The position on disk is that of the last commit whose rows are there, written with them in one batch. What a
 * transaction of an earlier owner left is waited for: the end is that of all records, and is reached when those before
 * it are committed or aborted.
 */
import { type Platform, sleep } from '@millrace/base';
import { type Client, unwrap } from '@millrace/client';
import type { OrderedSpace, OrderedStore } from '@millrace/store';

/** Where a row lies that says how far a space is with its changelog. Behind the rows of state. */
const positionKey: Uint8Array = Uint8Array.of(2);

/** A tombstone may be gone from a changelog after a day, so that a space that is older can't know what was deleted. */
const ageMaxMs = 12 * 60 * 60 * 1000;

interface Position {
  /** Of the next changelog record. */
  readonly offset: number;
  /** Wall-clock time when it was written, in ms since 1970. */
  readonly at: number;
}

export interface RestoreOptions {
  readonly client: Client;
  readonly platform: Platform;
  readonly state: OrderedStore;
  readonly space: OrderedSpace;
  readonly changelog: string;
  readonly partition: number;
  readonly signal: AbortSignal;
  /** Told after each batch: how many records were read, and how many offsets are left. */
  readonly progress: (read: number, left: number) => void;
}

/** Name of the space of a store in a task. */
export function spaceName(job: string, store: string, partition: number): string {
  return `${job}/${store}/${partition}`;
}

/** The row that says that the rows written with it are those up to `offset`. */
export function positionRow(offset: number, now: number): { readonly key: Uint8Array; readonly value: Uint8Array } {
  return { key: positionKey, value: Buffer.from(JSON.stringify({ offset, at: now } satisfies Position)) };
}

/** Rejects with the signal's reason when that aborts, or as the client's and the store's calls do. */
export async function restoreStore(options: RestoreOptions): Promise<void> {
  const { client, state, space, changelog, partition, platform, signal } = options;
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
  const known = positionOf(space);
  const isUsable =
    known !== undefined && known.offset <= end && platform.clock.now() - known.at < ageMaxMs && known.at >= 0;
  if (!isUsable) {
    const batch = state.batch();
    batch.deleteRange(space);
    await state.write(batch);
  }
  const from = Math.max(first, isUsable ? known.offset : 0);
  if (from < end) await readChangelog(options, from, end);
}

async function readChangelog(options: RestoreOptions, from: number, end: number): Promise<void> {
  const { client, state, space, changelog, partition, platform, signal, progress } = options;
  const place = { topic: changelog, partition };
  const assign = [{ ...place, offset: from }];
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
      const batch = state.batch();
      let count = 0;
      for (const { keyBytes, valueBytes } of records) {
        count++;
        if (keyBytes === null) continue;
        if (valueBytes === null) batch.delete(space, keyBytes);
        else batch.put(space, keyBytes, valueBytes);
      }
      const row = positionRow(records.nextOffset, platform.clock.now());
      batch.put(space, row.key, row.value);
      await state.write(batch);
      progress(count, Math.max(0, end - records.nextOffset));
      if (records.nextOffset >= end) break;
    }
  } catch (error) {
    if (signal.aborted || !over.signal.aborted) throw error;
  } finally {
    over.abort();
    await watch;
  }
}

function positionOf(space: OrderedSpace): Position | undefined {
  const row = space.get(positionKey);
  return row === undefined ? undefined : (JSON.parse(row.toString()) as Position);
}
