/** The broker-wide configuration that groups obey, read anew at every use because some of it may change. */
import { listOf } from '../configuration/definition.ts';

/** Where the cluster's configuration comes from. */
export interface SettingSource {
  /** The value in force of a configuration name. */
  number(name: string): number;
  text(name: string): string;
}

/** Whether groups may change between the classic and the consumer protocol while they have members. */
export type MigrationPolicy = 'bidirectional' | 'upgrade' | 'downgrade' | 'disabled';

export class GroupSettings {
  readonly #source: SettingSource;

  constructor(source: SettingSource) {
    this.#source = source;
  }

  /** How long an empty group waits for more members before its first rebalance. */
  get initialRebalanceDelayMs(): number {
    return this.#source.number('group.initial.rebalance.delay.ms');
  }

  get sessionTimeoutMinMs(): number {
    return this.#source.number('group.min.session.timeout.ms');
  }

  get sessionTimeoutMaxMs(): number {
    return this.#source.number('group.max.session.timeout.ms');
  }

  get membersMax(): number {
    return this.#source.number('group.max.size');
  }

  /** Longest metadata of a committed offset, in UTF-16 code units as Kafka counts it. */
  get offsetMetadataLengthMax(): number {
    return this.#source.number('offset.metadata.max.bytes');
  }

  get offsetsRetentionMs(): number {
    return this.#source.number('offsets.retention.minutes') * 60_000;
  }

  get retentionCheckIntervalMs(): number {
    return this.#source.number('offsets.retention.check.interval.ms');
  }

  /** Names of the assignors that members of consumer groups may choose; the first one is the default. */
  get assignorNames(): readonly string[] {
    return listOf(this.#source.text('group.consumer.assignors'));
  }

  get consumerMembersMax(): number {
    return this.#source.number('group.consumer.max.size');
  }

  get migrationPolicy(): MigrationPolicy {
    return this.#source.text('group.consumer.migration.policy').toLowerCase() as MigrationPolicy;
  }

  /** How often a pattern of topics is matched again though no topic changed, because rights may have. */
  get patternRefreshMs(): number {
    return this.#source.number('group.consumer.regex.refresh.interval.ms');
  }
}
