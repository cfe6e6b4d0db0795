/** Where the logs of partitions end, and how young their newest records are, asked of their leaders. */
import type { Connection } from '@millrace/client/protocol';
import { listOffsets } from '@millrace/wire';
import type { TopicShape } from './observation.ts';

/** In one request. */
const partitionsMax = 5_000;
const latest = -1;
const greatestTimestamp = -3;

interface OffsetsOfTopic {
  readonly name: string;
  readonly partitions: { readonly partitionIndex: number; readonly currentLeaderEpoch: number; timestamp: number }[];
}

/** What to ask each leader. */
export type OffsetQuestions = ReadonlyMap<number, readonly OffsetsOfTopic[]>;

/** Where the logs of partitions end, by leader; partitions without one are left out. */
export function endQuestions(topics: Iterable<TopicShape>): OffsetQuestions {
  return questionsOf(topics, latest);
}

/** What the newest record of each partition is, likewise. */
export function newestQuestions(topics: Iterable<TopicShape>): OffsetQuestions {
  return questionsOf(topics, greatestTimestamp);
}

function questionsOf(topics: Iterable<TopicShape>, timestamp: number): OffsetQuestions {
  const questions = new Map<number, OffsetsOfTopic[]>();
  for (const { name, partitions } of topics) {
    for (const { partition, leader } of partitions) {
      if (leader < 0) continue;
      const own = questions.get(leader) ?? [];
      if (own.length === 0) questions.set(leader, own);
      if (own.at(-1)?.name !== name) own.push({ name, partitions: [] });
      // The epoch is not checked: another leader's answer is as good, and whoever leads now will say so next time.
      own.at(-1)?.partitions.push({ partitionIndex: partition, currentLeaderEpoch: -1, timestamp });
    }
  }
  return questions;
}

/** Asks one leader, and puts down what it says: by topic, an array by partition. */
export async function readEndOffsets(
  connection: Connection,
  questions: readonly OffsetsOfTopic[],
  timeoutMs: number,
  into: ReadonlyMap<string, number[]>,
): Promise<void> {
  for (const topics of inParts(questions)) {
    const draft = { replicaId: -1, isolationLevel: 0, topics, timeoutMs };
    const response = await connection.request(listOffsets, draft, { timeoutMs });
    for (const { name, partitions } of response.topics) {
      const offsets = into.get(name);
      if (offsets === undefined) continue;
      for (const { partitionIndex, errorCode, offset } of partitions) {
        if (errorCode === 0 && partitionIndex >= 0 && partitionIndex < offsets.length) offsets[partitionIndex] = offset;
      }
    }
  }
}

/** Asks one leader for the greatest timestamps; of topics that it knows some of, the greatest of all; -1 for none. */
export async function readNewest(
  connection: Connection,
  questions: readonly OffsetsOfTopic[],
  timeoutMs: number,
  into: Map<string, number>,
): Promise<void> {
  // Version 7 has them (KIP-734).
  if (questions.length === 0 || !connection.supports(listOffsets, 7)) return;
  for (const topics of inParts(questions)) {
    const draft = { replicaId: -1, isolationLevel: 0, topics, timeoutMs };
    const response = await connection.request(listOffsets, draft, { timeoutMs });
    for (const { name, partitions } of response.topics) {
      for (const { errorCode, timestamp } of partitions) {
        if (errorCode === 0) into.set(name, Math.max(timestamp, into.get(name) ?? -1));
      }
    }
  }
}

function* inParts(questions: readonly OffsetsOfTopic[]): Generator<OffsetsOfTopic[]> {
  let part: OffsetsOfTopic[] = [];
  let count = 0;
  for (const question of questions) {
    if (count > 0 && count + question.partitions.length > partitionsMax) {
      yield part;
      part = [];
      count = 0;
    }
    part.push(question);
    count += question.partitions.length;
  }
  if (part.length > 0) yield part;
}
