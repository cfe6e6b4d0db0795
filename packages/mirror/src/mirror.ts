/** A mirror as a program uses it: what it is told, what it tells, and how it ends. */
import type { ClientOptions } from '@millrace/client';
import type { Guarantee } from './copy/guarantee.ts';
import type { TroublePolicies } from './copy/source-trouble.ts';
import type { GroupDirection, GroupSyncResult } from './groups/group-sync.ts';
import type { MirrorReport } from './mirror-event.ts';
import type { PartitionStandstill } from './offset-map/standstill.ts';
import type { SharingOptions } from './sharing/sharing-times.ts';
import type { WorkerFigures } from './status/worker-figures.ts';

export interface MirrorOptions extends TroublePolicies {
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
  /**
   * Whether records that mirrors brought to the source are left out, and only those are copied that were written there.
   * Default: of such records only those are left out that were on the target before.
   */
  readonly localOnly?: boolean | undefined;
  /** Where to begin with what was never copied, and was there when the worker began. Default `earliest`. */
  readonly begin?: 'earliest' | 'latest' | undefined;
  /**
   * How many replicas the topics have that the mirror makes on the target, its own among them. Default: as many as that
   * cluster gives a topic (`default.replication.factor`, which is 1 where nobody has set it).
   */
  readonly replicationFactor?: number | undefined;
  /** How many shards the mirror has when it first runs: most workers that can share it. Default 50. */
  readonly shards?: number | undefined;
  /**
   * The consumer groups whose offsets are carried over: names, or patterns that a whole name must match. Default: all
   * but Millrace's own.
   */
  readonly groups?: readonly (string | RegExp)[] | undefined;
  /** How long after groups were carried over that is done again. Default 60 s. */
  readonly groupIntervalMs?: number | undefined;
  /**
   * How long after the source's topics were looked at that is done again: new ones, partitions and configuration.
   * Default 30 s.
   */
  readonly topicIntervalMs?: number | undefined;
  /**
   * What becomes of a topic that was deleted on the source and made anew: its partitions stop, or the new one is copied
   * from its start, behind what lies on the target. Default `stop`. Sources before Kafka 2.8 do not tell.
   */
  readonly recreatedTopics?: 'stop' | 'continue' | undefined;
  /**
   * What becomes of a partition whose target has lost records that were copied, as by an unclean election or because
   * its topic was deleted there: it stops, or they are copied again as far as the source has them. Default `stop`.
   */
  readonly truncatedTarget?: 'stop' | 'continue' | undefined;
  /**
   * What is promised of each record. `at-least-once` is for targets that can't do exactly once: a crash, or a worker
   * that takes over, repeats what was stored since the last checkpoint, about a second's records; none is left out.
   * Workers of a mirror should have the same. Default `exactly-once`.
   */
  readonly guarantee?: Guarantee | undefined;
  /**
   * What becomes of a topic that is named and not on the source: the worker does not start, or the others are copied
   * and this one is waited for, which is told. Default `refuse`.
   */
  readonly absentTopics?: 'refuse' | 'await' | undefined;
  /**
   * Topics of the target whose configuration is somebody else's, by their names there: nothing is carried over to those
   * once they are there. Default: none.
   */
  readonly configuredElsewhere?: ((targetTopic: string) => boolean) | undefined;
  /** Whether rights to read topics are carried over. Default: where both clusters have an authorizer. */
  readonly acls?: boolean | undefined;
  /**
   * What this worker is called, if no other worker of the mirror ever has that name at the same time: a worker that
   * ended without closing and is started again under its name goes on at once, where others would wait until it counts
   * as dead. Letters, digits, dots, underscores and hyphens. Default: a name that is not used again.
   */
  readonly worker?: string | undefined;
  /** How quickly the workers that share the mirror notice each other. */
  readonly sharing?: SharingOptions | undefined;
  /**
   * Most bytes per second that the mirror fetches, of which each worker takes an equal part; more than 0. Batches count
   * as they lie on the source, compressed where they are. Default: no limit.
   */
  readonly bytesPerSecondMax?: number | undefined;
  /**
   * Most bytes that are fetched of a partition at once; default 4 MiB. A worker fetches up to four times as many at
   * once from a broker of the source, and up to 48 times over distance, where several fetches are under way.
   */
  readonly fetchBytesMax?: number | undefined;
  /**
   * Most bytes that a worker should hold of what it fetched and the target has not stored yet, and of what requests
   * under way will bring; more than 0, default 256 MiB. What is fetched together counts as long as a part of it is
   * needed. What each partition may hold is an eighth of what is free, and where the target takes it always a little.
   */
  readonly memoryBytesMax?: number | undefined;
  /**
   * Which topics come first where not all can be fetched at once: the greater the number, the sooner. A topic waits as
   * long as one before it, of which the same broker leads partitions, fills whole fetches. Default: all in turn.
   */
  readonly priority?: ((topic: string) => number) | undefined;
  /**
   * How often what was copied is published to `millrace.audit` on the target. Default 60 s; 0: never. What is left is
   * published when the worker closes.
   */
  readonly auditIntervalMs?: number | undefined;
  /** Gives up starting when it aborts; afterwards it means nothing. */
  readonly signal?: AbortSignal | undefined;
  /** For tests: memory is overwritten as soon as it may be used again, so that what is used for too long is seen. */
  readonly scribbles?: boolean | undefined;
  /** For tests: the source is read as if its brokers knew no later version of Fetch. */
  readonly fetchVersionMax?: number | undefined;
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
  /**
   * How long ago the oldest batch that is not copied yet came into being, in ms, by the newest time that its header
   * tells: how far back what a failover would lose now reaches. 0 where nothing is to be copied, undefined until the
   * source has told. Times of records are their producers', unless the topic has LogAppendTime.
   */
  readonly lagMs: number | undefined;
  /** Since this process took the partition over. */
  readonly recordsCopied: number;
  readonly bytesCopied: number;
  /** Records of the source that were left out because of where they came from. */
  readonly recordsReturning: number;
  /** Offsets of the target between copied records that somebody else took since then. */
  readonly foreignOffsets: number;
}

export interface Mirror extends AsyncDisposable {
  readonly name: string;
  readonly guarantee: Guarantee;
  /** Names on the source, ascending. */
  readonly topics: readonly string[];
  /** How many partitions they have together, of which each worker copies some. */
  readonly partitions: number;
  /**
   * How many of them this worker is to copy, without those that a policy has stopped; none when there are more workers
   * than shards.
   */
  readonly assignedPartitions: number;
  /** What this worker copies, by topic and partition. What was just given to it comes a moment later. */
  status(): PartitionStatus[];
  /** Which of this worker's partitions stand still, and why; no partition is there twice. */
  standstills(): PartitionStandstill[];
  /** What this worker has done since it began, with partitions that it gave up too. */
  figures(): WorkerFigures;
  /**
   * Looks at the source's topics now, and carries over what has changed of them. Rejects with `KafkaError`, or a
   * retriable error, when a cluster can't be asked.
   */
  syncTopics(): Promise<void>;
  /**
   * Carries the offsets of consumer groups over now, of the partitions that this process copies; tells of each group
   * that has any, by name. With `back`: from the target to the source, which happens only when asked for. Rejects with
   * `KafkaError`, or a retriable error, when the groups can't be listed.
   */
  syncGroups(direction?: GroupDirection): Promise<GroupSyncResult[]>;
  /** Copies what was fetched, writes down how far it came, and ends. */
  close(): Promise<void>;
}
