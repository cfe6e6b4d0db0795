/**
 * One fetch under way: reads what is there, and if that is less than the consumer asked for, waits for more until its
 * time is up, and reads again. While it waits it holds no memory but its own.
 */
import { isMillraceError, type Timers } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import type { AnswerRoom, ConnectionHandle } from '../handler.ts';
import { endOfBatches } from '../log/batch-walk.ts';
import { DamagedRecordsError } from '../log/damage.ts';
import type { AppendListener, Partition } from '../topics/partition.ts';
import { isAnswered, type PartitionFetch } from './partition-fetch.ts';

export interface FetchLimits {
  /** At most `bytesMax`, or it would always wait for its time. */
  readonly bytesMin: number;
  readonly bytesMax: number;
  readonly waitMs: number;
  /** Nothing is read of transactions that are open. */
  readonly committedOnly: boolean;
}

export class PendingFetch implements AppendListener {
  readonly #fetches: readonly PartitionFetch[];
  readonly #limits: FetchLimits;
  readonly #timers: Timers;
  readonly #connection: ConnectionHandle;
  readonly #room: AnswerRoom;
  /** What to read again, while waiting. */
  readonly #dirty = new Set<Partition>();
  #wake: (() => void) | undefined;
  #readOnce = false;

  constructor(
    fetches: readonly PartitionFetch[],
    limits: FetchLimits,
    timers: Timers,
    connection: ConnectionHandle,
    room: AnswerRoom,
  ) {
    this.#fetches = fetches;
    this.#limits = limits;
    this.#timers = timers;
    this.#connection = connection;
    this.#room = room;
  }

  /**
   * Fills in the chunks of all partitions; resolves when there are enough, an error is to be told, or the time is up.
   */
  run(): Promise<void> | undefined {
    const reading = this.#readAll();
    // While the disk was read, records may have come that nobody has been listening for.
    if (reading !== undefined) return reading.then(() => (this.#isComplete() ? undefined : this.#wait(true)));
    return this.#isComplete() ? undefined : this.#wait(false);
  }

  appended(partition: Partition): void {
    this.#dirty.add(partition);
    this.#wake?.();
  }

  async #wait(readFirst: boolean): Promise<void> {
    let expired = false;
    const expire = (): void => {
      expired = true;
      this.#wake?.();
    };
    const timer = this.#timers.after(this.#limits.waitMs, expire);
    const forget = this.#connection.onClosed(expire);
    for (const { partition } of this.#fetches) {
      if (partition === undefined) continue;
      partition.listen(this);
      if (readFirst) this.#dirty.add(partition);
    }
    try {
      while (!expired) {
        this.#letGo();
        while (!expired && !this.#isWorthReading()) await this.#woken();
        if (this.#connection.isClosed) return;
        await this.#readAll();
        if (this.#isComplete()) return;
      }
    } finally {
      timer.cancel();
      forget();
      for (const { partition } of this.#fetches) partition?.unlisten(this);
    }
  }

  /** Keeps nothing of what was read: it is read again when it is enough. */
  #letGo(): void {
    for (const fetch of this.#fetches) {
      if (fetch.chunks.length > 0) this.#drop(fetch);
    }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Whether enough may be there by now, so that a large minimum does not cost a read an append. */
  #isWorthReading(): boolean {
    if (this.#dirty.size === 0) return false;
    // A transaction's end makes more readable than its marker.
    if (this.#limits.committedOnly) return true;
    let total = 0;
    for (const { partition, session, foundBytes = 0, writtenBefore = 0, leaderEpoch } of this.#fetches) {
      if (partition === undefined) continue;
      if (partition.owner.deleted || (leaderEpoch ?? partition.leaderEpoch) !== partition.leaderEpoch) return true;
      const came = (partition.log?.writtenBytes ?? 0) - writtenBefore;
      total += Math.min(session.target.bytesMax, foundBytes + came);
    }
    return total >= this.#limits.bytesMin;
  }

  #isComplete(): boolean {
    if (this.#limits.waitMs <= 0 || this.#limits.bytesMin <= 0 || this.#fetches.length === 0) return true;
    let total = 0;
    for (const fetch of this.#fetches) {
      if (fetch.errorCode !== errorCodes.NONE || isAnswered(fetch)) return true;
      total += byteLength(fetch.chunks);
    }
    return total >= this.#limits.bytesMin || total + this.#outOfReach() >= this.#limits.bytesMin;
  }

  /** Bytes that are there, and beyond what a partition's or the request's limit lets be read: waiting is no help. */
  #outOfReach(): number {
    let bytes = 0;
    for (const { partition, session, chunks } of this.#fetches) {
      if (partition === undefined) continue;
      const { fetchOffset, bytesMax } = session.target;
      const end = chunks.length === 0 ? fetchOffset : endOfBatches(chunks);
      if (end < this.#readableEnd(partition)) bytes += Math.max(0, bytesMax - byteLength(chunks));
    }
    return bytes;
  }

  #readableEnd(partition: Partition): number {
    return this.#limits.committedOnly ? partition.lastStableOffset : partition.highWatermark;
  }

  /**
   * Reads what was appended to since, and what was let go, one partition after the other within the limit in all; a
   * promise only when one of them was not in memory.
   */
  #readAll(): Promise<void> | undefined {
    const due: PartitionFetch[] = [];
    let left = this.#limits.bytesMax;
    for (const fetch of this.#fetches) {
      const wasLetGo = fetch.chunks.length === 0 && (fetch.foundBytes ?? 0) > 0;
      const isDirty = fetch.partition !== undefined && this.#dirty.has(fetch.partition);
      if (!this.#readOnce || wasLetGo || isDirty) due.push(fetch);
      else left -= byteLength(fetch.chunks);
    }
    this.#dirty.clear();
    this.#readOnce = true;
    for (let index = 0; index < due.length; index++) {
      const fetch = due[index] as PartitionFetch;
      const reading = this.#read(fetch, left, left === this.#limits.bytesMax);
      if (reading instanceof Promise) return this.#readRest(due.slice(index), reading, left);
      left -= byteLength(fetch.chunks);
    }
    return undefined;
  }

  async #readRest(due: readonly PartitionFetch[], reading: Promise<void>, leftBefore: number): Promise<void> {
    let left = leftBefore;
    await reading;
    left -= byteLength((due[0] as PartitionFetch).chunks);
    for (const fetch of due.slice(1)) {
      await this.#read(fetch, left, left === this.#limits.bytesMax);
      left -= byteLength(fetch.chunks);
    }
  }

  #read(fetch: PartitionFetch, left: number, first: boolean): Promise<void> | undefined {
    const { partition, session } = fetch;
    if (partition === undefined || fetch.errorCode !== errorCodes.NONE || isAnswered(fetch)) return undefined;
    this.#drop(fetch);
    fetch.foundBytes = 0;
    fetch.writtenBefore = partition.log?.writtenBytes ?? 0;
    if (partition.owner.deleted) {
      fetch.errorCode = errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
      return undefined;
    }
    if (fetch.leaderEpoch !== undefined && fetch.leaderEpoch !== partition.leaderEpoch) {
      fetch.errorCode = errorCodes.NOT_LEADER_OR_FOLLOWER;
      return undefined;
    }
    const { fetchOffset, bytesMax } = session.target;
    if (fetchOffset < partition.startOffset || fetchOffset > partition.endOffset) {
      fetch.errorCode = errorCodes.OFFSET_OUT_OF_RANGE;
      return undefined;
    }
    if (left <= 0 && !first) return undefined;
    const wanted = Math.min(left, bytesMax);
    if (!partition.isInMemory(fetchOffset)) return this.#readFile(fetch, partition, wanted, first);
    const chunks = this.#chunksOf(fetch, partition, wanted, first);
    if (chunks instanceof Promise) return this.#take(fetch, partition, chunks);
    this.#keep(fetch, partition, chunks);
    return undefined;
  }

  async #readFile(fetch: PartitionFetch, partition: Partition, wanted: number, first: boolean): Promise<void> {
    const room = await this.#room.reserve(wanted);
    if (room === 0) return;
    const chunks = this.#chunksOf(fetch, partition, room, first);
    await this.#take(fetch, partition, Promise.resolve(chunks));
    fetch.fileBytes = byteLength(fetch.chunks);
    this.#room.release(room - fetch.fileBytes);
  }

  #chunksOf(fetch: PartitionFetch, partition: Partition, wanted: number, first: boolean) {
    const { fetchOffset } = fetch.session.target;
    const end = this.#readableEnd(partition);
    if (fetchOffset >= end) return [];
    fetch.memory ??= this.#room.hold();
    return partition.read(fetchOffset, wanted, first, end, fetch.memory);
  }

  #drop(fetch: PartitionFetch): void {
    if (fetch.fileBytes) this.#room.release(fetch.fileBytes);
    fetch.fileBytes = 0;
    fetch.chunks = [];
    fetch.memory?.release();
  }

  #keep(fetch: PartitionFetch, partition: Partition, chunks: readonly Uint8Array[]): void {
    const { fetchOffset } = fetch.session.target;
    fetch.chunks = fetch.memory?.keep(chunks) ?? chunks;
    fetch.foundBytes = byteLength(chunks);
    if (!this.#limits.committedOnly || chunks.length === 0) return;
    if (fetchOffset < partition.startOffset) {
      // While the disk was read the records were deleted, and with them what is known of their transactions.
      this.#drop(fetch);
      fetch.errorCode = errorCodes.OFFSET_OUT_OF_RANGE;
    } else fetch.aborted = partition.log?.aborted(fetchOffset, fetch.chunks) ?? [];
  }

  async #take(fetch: PartitionFetch, partition: Partition, reading: Promise<readonly Uint8Array[]>): Promise<void> {
    try {
      this.#keep(fetch, partition, await reading);
    } catch (error) {
      fetch.memory?.release();
      fetch.errorCode = readErrorCode(error, partition, fetch.session.target.fetchOffset);
    }
  }
}

/**
 * What the consumer is told of a failed read: that the records were deleted meanwhile, or that the disk is to blame.
 */
function readErrorCode(error: unknown, partition: Partition, offset: number): number {
  if (!isMillraceError(error)) throw error;
  if (partition.owner.deleted) return errorCodes.UNKNOWN_TOPIC_OR_PARTITION;
  if (offset < partition.startOffset) return errorCodes.OFFSET_OUT_OF_RANGE;
  // Its finder has reported it.
  if (error instanceof DamagedRecordsError) return errorCodes.CORRUPT_MESSAGE;
  const { environment, name } = partition.owner;
  if (partition.log?.failures.isNew(error.message)) {
    environment.report({ level: 'error', message: `could not read ${name}-${partition.index}: ${error.message}` });
  }
  return errorCodes.KAFKA_STORAGE_ERROR;
}

function byteLength(chunks: readonly Uint8Array[]): number {
  let total = 0;
  for (const chunk of chunks) total += chunk.length;
  return total;
}
