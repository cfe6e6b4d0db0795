/** Reads a whole partition, from its start to its end, and compares it with what clients were told. */
import { errorCodes, fetch, listOffsets } from '@millrace/wire';
import type { ActorHome, KnownPartition } from './actor.ts';
import { InvariantViolation } from './history.ts';
import { isPassing } from './passing-trouble.ts';

const latest = -1;
const earliest = -2;

/** `exactlyOnce` names producers that are idempotent. */
export async function checkPartition(
  reader: ActorHome,
  partition: KnownPartition,
  exactlyOnce: ReadonlySet<string>,
): Promise<void> {
  // Retention may move the start while we read; that is no failure, but then we begin again.
  while (!(await readOnce(reader, partition, exactlyOnce)));
}

async function readOnce(
  reader: ActorHome,
  partition: KnownPartition,
  exactlyOnce: ReadonlySet<string>,
): Promise<boolean> {
  const { topic, index, leader, history } = partition;
  const start = await startOf(reader, partition);
  const records = new Map<number, string>();
  let position = start;
  while (position < history.knowledge.highWatermark) {
    const before = history.knowledge;
    const response = await reader.broker(leader).ask(fetch, 12, {
      maxWaitMs: 0,
      minBytes: 0,
      topics: [{ topic, partitions: [{ partition: index, fetchOffset: position, partitionMaxBytes: 64 * 1024 }] }],
    });
    const answer = response.responses[0]?.partitions[0];
    if (answer === undefined) throw new InvariantViolation(`${history.name} can't be read`);
    if (answer.errorCode === errorCodes.OFFSET_OUT_OF_RANGE) return false;
    if (isPassing(answer.errorCode)) {
      await reader.broker(leader).pause();
      continue;
    }
    history.bounds(answer.highWatermark, answer.logStartOffset, before);
    const read = history.read(answer.records as Uint8Array, position, before, answer.highWatermark);
    if (read.size === 0) throw new InvariantViolation(`${history.name} gives no record at offset ${position}`);
    for (const [offset, value] of read) records.set(offset, value);
    position += read.size;
  }
  history.complete(records, start, exactlyOnce);
  return true;
}

async function startOf(reader: ActorHome, { topic, index, leader, history }: KnownPartition): Promise<number> {
  const before = history.knowledge;
  const ask = async (timestamp: number): Promise<number> => {
    const response = await reader.broker(leader).ask(listOffsets, 8, {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ partitionIndex: index, timestamp }] }],
    });
    const answer = response.topics[0]?.partitions[0];
    if (answer !== undefined && !isPassing(answer.errorCode)) return answer.offset;
    await reader.broker(leader).pause();
    return ask(timestamp);
  };
  const end = await ask(latest);
  const start = await ask(earliest);
  history.bounds(Math.max(end, start), start, before);
  return start;
}
