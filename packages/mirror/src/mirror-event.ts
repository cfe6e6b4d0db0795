/** What a mirror tells of besides its figures. */

export interface MirrorEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly event:
    | 'shard_opened'
    | 'shard_reopened'
    | 'shard_lost'
    | 'shards_assigned'
    | 'worker_idle'
    | 'sharing_failed'
    | 'source_failed'
    | 'source_connections'
    | 'foreign_write'
    | 'records_lost'
    | 'source_truncated'
    | 'target_truncated'
    | 'record_too_large'
    | 'invalid_time'
    | 'partition_failed'
    | 'topic_created'
    | 'partitions_added'
    | 'topic_recreated'
    | 'topic_deleted'
    | 'topic_failed'
    | 'topic_left_out'
    | 'topics_failed'
    | 'configuration_changed'
    | 'acls_changed'
    | 'acls_failed'
    | 'acls_kept'
    | 'groups_synced'
    | 'group_live'
    | 'group_ahead'
    | 'group_failed'
    | 'groups_failed'
    | 'audit_failed'
    | 'origins_failed'
    | 'repeats_possible'
    | 'failed_over';
  /** A sentence for a person. */
  readonly message: string;
  readonly group?: string | undefined;
  /** Of the source. */
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly error?: Error | undefined;
}

export type MirrorReport = (event: MirrorEvent) => void;
