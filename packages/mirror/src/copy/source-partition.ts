/** What the source's reader knows of a partition that it fetches. */
import type { TopicPartition } from '@millrace/client';
import type { FetchResponse, KafkaError } from '@millrace/wire';
import type { FetchedMemory } from './fetched-memory.ts';

/** What a broker answers of one partition. */
export type FetchAnswer = FetchResponse['responses'][number]['partitions'][number];

/** A partition that is fetched. */
export interface SourcePartition extends TopicPartition {
  readonly topicId: string;
  /** Node id; -1 while unknown. */
  leader: number;
  /** Source offset of the next record to fetch. */
  readonly position: number;
  /**
   * Leader epoch of the record before that, by which the leader tells whether it still has it; -1 when unknown. Only
   * what is fetched right at `position` can be asked with it.
   */
  readonly lastFetchedEpoch: number;
  /** Whether it can take more just now. */
  readonly hasRoom: boolean;
  /**
   * Takes what was fetched at its position, for good; resolves when the next position is known. It is a user of the
   * records' memory for as long as it needs them.
   */
  take(answer: FetchAnswer, memory: FetchedMemory): Promise<void> | undefined;
  /** Is told that the leader has other records before its position: where its epoch ends next to the one asked for. */
  diverged(end: { readonly epoch: number; readonly endOffset: number }): void;
  /** Is told that its position lies outside the source's log, or that it can't be read at all. */
  failed(error: KafkaError): void;
}
