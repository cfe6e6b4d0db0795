/** What a mirror tells of besides its figures. */

export interface MirrorEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly event:
    | 'shard_opened'
    | 'shard_reopened'
    | 'shard_lost'
    | 'source_failed'
    | 'foreign_write'
    | 'topic_created'
    | 'partitions_added';
  /** A sentence for a person. */
  readonly message: string;
  /** Of the source. */
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly error?: Error | undefined;
}

export type MirrorReport = (event: MirrorEvent) => void;
