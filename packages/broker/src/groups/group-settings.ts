/** The broker-wide configuration that groups obey, read anew at every use because some of it may change. */

/** Where numbers of the cluster's configuration come from. */
export interface NumberSource {
  /** The value in force of a configuration name. */
  number(name: string): number;
}

export class GroupSettings {
  readonly #source: NumberSource;

  constructor(source: NumberSource) {
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
}
