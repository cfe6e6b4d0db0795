/** What groups need to know of topics. */
export interface TopicLookup {
  all(): Iterable<TopicFacts>;
  /** Another number after each creation, deletion and growth of a topic. */
  readonly version: number;
  byName(name: string): TopicFacts | undefined;
  byId(id: string): TopicFacts | undefined;
  /** Calls back with each topic that is deleted from now on. */
  onDeleted(listener: (topic: TopicFacts) => void): void;
}

export interface TopicFacts {
  readonly name: string;
  /** Kafka's 22-character form. */
  readonly id: string;
  readonly partitions: { readonly length: number };
}
