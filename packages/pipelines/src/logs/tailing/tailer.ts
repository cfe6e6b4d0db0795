/**
 * Follows files into `logs.lines`, each line once: lines and the position behind them are one transaction, under a
 * transactional id that fences whoever ran under the name before. Nothing more is read before what was read is stored;
 * so a cluster that is slow or away makes the files wait, not memory grow.
 *
 * Whatever goes wrong on the way to the brokers, it begins anew from what they have: a new producer, then the positions
 * as they are committed.
 */
import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ClosingStack, isMillraceError, messageOf } from '@millrace/base';
import { type Client, ProducerFencedError, type Transaction } from '@millrace/client';
import { encodeLine } from '../line/encode-line.ts';
import type { Joining } from '../line/join-lines.ts';
import { lineOfText } from '../line/log-line.ts';
import { Masker } from '../masking/masker.ts';
import { encodedLines, ensureLogTopics, logPositions } from '../topics.ts';
import { positionKey, readPositions } from './position-topic.ts';
import { type ReadRecords, TailedFile } from './tailed-file.ts';

export interface TailerOptions {
  readonly client: Client;
  readonly paths: readonly string[];
  /** Whose positions these are: the same name after a restart. The host's name is a good one. */
  readonly name: string;
  /** Labels of all lines, besides `file`. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly masker?: Masker | undefined;
  readonly joining?: Joining | undefined;
  /** Of files that were never read: from their start (default), or only what comes. */
  readonly from?: 'start' | 'end' | undefined;
  /** Ends when all files are read to their ends. */
  readonly isOnce?: boolean | undefined;
  /** Default 500. */
  readonly joinMs?: number | undefined;
  /** How long a file that was renamed may still be written. Default 5,000. */
  readonly graceMs?: number | undefined;
  /** How often files are looked at that had nothing new. Default 250. */
  readonly pollMs?: number | undefined;
  readonly signal: AbortSignal;
  readonly onStored?: ((stored: { readonly path: string; readonly lines: number }) => void) | undefined;
  /** Told what went wrong and is tried again, or may have cost lines. */
  readonly warn?: ((message: string) => void) | undefined;
}

export interface TailReport {
  /** Records stored by this run. */
  readonly stored: number;
}

const retryMs = 1_000;

/**
 * Runs until the signal aborts, or until all is read where `isOnce`. Rejects with `ProducerFencedError` when another
 * tailer has taken the name over, and with what another try does not cure.
 */
export async function tailFiles(options: TailerOptions): Promise<TailReport> {
  const { signal, warn } = options;
  const tally = { stored: 0 };
  for (;;) {
    try {
      await runOnce(options, tally);
      return tally;
    } catch (error) {
      if (signal.aborted) return tally;
      const mayPass = isMillraceError(error) && error.retriable && !(error instanceof ProducerFencedError);
      if (!mayPass) throw error;
      warn?.(`lines can't be stored for now, and reading waits: ${messageOf(error)}`);
      await pause(retryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return tally;
    }
  }
}

/** One life of a producer. */
async function runOnce(options: TailerOptions, tally: { stored: number }): Promise<void> {
  const { client, name, signal } = options;
  const paths = [...new Set(options.paths.map((path) => resolve(path)))];
  {
    await using admin = client.admin();
    await ensureLogTopics(admin, signal);
  }
  await using closing = new ClosingStack();
  const producer = client.producer({
    transactionalId: transactionalId(name, paths),
    compression: 'lz4',
    deliveryTimeoutMs: 30_000,
    onDelivery: () => undefined,
  });
  // What is under way is known by its positions, or it is aborted: nothing is waited for.
  closing.use({ [Symbol.asyncDispose]: () => producer.close({ signal: AbortSignal.abort() }) });
  // Ends what was left open under the name before positions are read.
  await (await producer.begin({ signal })).abort();
  const positions = await readPositions(client, name, signal);
  await using files = new OpenFiles(
    paths.map((path) => {
      const { joining = 'traces', from = 'start', isOnce = false, joinMs = 500, graceMs = 5_000 } = options;
      const warn = options.warn ?? (() => undefined);
      return new TailedFile({ path, position: positions.get(path), from, joining, joinMs, graceMs, isOnce, warn });
    }),
  );
  while (!signal.aborted) {
    const read = await files.read();
    if (read.length === 0) {
      if (files.areDone) return;
      await pause(options.pollMs ?? 250, undefined, { signal }).catch(() => undefined);
      continue;
    }
    await producer.transaction((transaction) => write(transaction, read, options), { signal });
    for (const [file, records] of read) {
      file.advance(records);
      tally.stored += records.records.length;
      options.onStored?.({ path: file.path, lines: records.records.length });
    }
  }
}

class OpenFiles implements AsyncDisposable {
  readonly #files: readonly TailedFile[];

  constructor(files: readonly TailedFile[]) {
    this.#files = files;
  }

  get areDone(): boolean {
    return this.#files.every(({ isDone }) => isDone);
  }

  /** The next records of each file that has some. */
  async read(): Promise<(readonly [TailedFile, ReadRecords])[]> {
    const read: (readonly [TailedFile, ReadRecords])[] = [];
    for (const file of this.#files) {
      const records = await file.read();
      if (records !== undefined) read.push([file, records]);
    }
    return read;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#files.map((file) => file[Symbol.asyncDispose]()));
  }
}

async function write(
  transaction: Transaction,
  read: readonly (readonly [TailedFile, ReadRecords])[],
  { labels, masker = plainMasker, name }: TailerOptions,
): Promise<void> {
  const now = Date.now();
  for (const [{ path }, { records, position }] of read) {
    const own = { file: basename(path), ...labels };
    for (const record of records) {
      if (record === '') continue;
      const line = encodeLine(masker.line(lineOfText(record, own, now)));
      if (!transaction.write({ topic: encodedLines, ...line })) await transaction.ready();
    }
    transaction.write({ topic: logPositions, key: positionKey(name, path), value: position });
  }
}

const plainMasker = new Masker();

/** Tailers of other files under the same name are others. */
function transactionalId(name: string, paths: readonly string[]): string {
  const digest = createHash('sha256').update(paths.toSorted().join('\n')).digest('hex').slice(0, 12);
  return `millrace.logs.${name}.${digest}`;
}
