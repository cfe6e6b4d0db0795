/** A mirror as a program uses it: what it is told, what it tells, and how it ends. */
import type { ClientOptions } from '@millrace/client';
import type { MirrorReport } from './mirror-event.ts';

export interface MirrorOptions {
  /**
   * What the mirror is called on the target: its offsets lie in `millrace.offsets.<name>`. Letters, digits, dots,
   * underscores and hyphens. Workers of the same name share its work.
   */
  readonly name: string;
  readonly source: ClientOptions;
  readonly target: ClientOptions;
  /** The topics of the source that are copied: names, or patterns that a whole name must match. */
  readonly topics: readonly (string | RegExp)[];
  /** What a topic is called on the target. Default: as on the source. */
  readonly rename?: ((topic: string) => string) | undefined;
  /** Where to begin with what was never copied. Default `earliest`. */
  readonly begin?: 'earliest' | 'latest' | undefined;
  /** How many shards the mirror has when it first runs: most workers that can share it. Default 50. */
  readonly shards?: number | undefined;
  /** Told of what an operator wants to know. Must not throw. */
  readonly report?: MirrorReport | undefined;
}

export interface PartitionStatus {
  /** On the source. */
  readonly topic: string;
  readonly partition: number;
  readonly targetTopic: string;
  /** Source offsets that are still to be copied or passed over; undefined until the source has told. */
  readonly lag: number | undefined;
  /** Since this process took the partition over. */
  readonly recordsCopied: number;
  readonly bytesCopied: number;
}

export interface Mirror extends AsyncDisposable {
  readonly name: string;
  /** Names on the source, ascending. */
  readonly topics: readonly string[];
  /** How many partitions they have together. */
  readonly partitions: number;
  /** What this process copies, by topic and partition. */
  status(): PartitionStatus[];
  /** Copies what was fetched, writes down how far it came, and ends. */
  close(): Promise<void>;
}
