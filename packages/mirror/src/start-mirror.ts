/** Starts a mirror: finds its topics on both sides, and copies the shards of this process. */
import type { Timer } from '@millrace/base';
import type { Admin, Client } from '@millrace/client';
import { type Cluster, openCluster } from '@millrace/client/protocol';
import { conversionLimitsDefault } from './batches/conversion-limits.ts';
import { ShardCopy } from './copy/shard-copy.ts';
import { SourceReader } from './copy/source-reader.ts';
import { TargetWriter } from './copy/target-writer.ts';
import type { Mirror, MirrorOptions, PartitionStatus } from './mirror.ts';
import { MirrorNameError } from './mirror-errors.ts';
import { shardOf } from './sharing/shard-of.ts';
import { ensureOffsetsTopic } from './topics/offsets-topic.ts';
import { type MirroredTopic, TopicSync } from './topics/topic-sync.ts';

const shardsDefault = 50;
const checkpointMs = 1000;
const drainMs = 10_000;
const requestBytesMax = 16 * 1024 * 1024;
const partitionBytesMax = 16 * 1024 * 1024;

/**
 * Starts a mirror. Resolves once its topics are known and are being copied. Rejects with `MirrorNameError`,
 * `InvalidOptionError`, `KafkaError`, `NoBrokerError`.
 */
export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(options.name)) throw new MirrorNameError(options.name);
  const source = openCluster(options.source);
  const target = openCluster(options.target);
  const worker = new MirrorWorker(options, source, target);
  try {
    await worker.start();
    return worker;
  } catch (error) {
    await worker.close();
    throw error;
  }
}

interface Side {
  readonly client: Client;
  readonly cluster: Cluster;
}

class MirrorWorker implements Mirror {
  readonly #options: MirrorOptions;
  readonly #source: Side;
  readonly #target: Side;
  readonly #admins: { readonly source: Admin; readonly target: Admin };
  readonly #reader: SourceReader;
  readonly #writer: TargetWriter;
  #shards: ShardCopy[] = [];
  #topics: readonly MirroredTopic[] = [];
  #checkpoints: Timer | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: MirrorOptions, source: Side, target: Side) {
    this.#options = options;
    this.#source = source;
    this.#target = target;
    this.#admins = { source: source.client.admin(), target: target.client.admin() };
    this.#reader = new SourceReader(source.cluster, {
      requestBytesMax,
      partitionBytesMax: partitionBytesMax / 4,
      waitMs: 500,
      onFatal: (error) => this.#report({ level: 'error', event: 'source_failed', message: error.message, error }),
    });
    this.#writer = new TargetWriter(target.cluster, { requestsMax: 5, requestBytesMax: 4 * 1024 * 1024 });
  }

  async start(): Promise<void> {
    const { name, shards = shardsDefault } = this.#options;
    const offsetsTopic = `millrace.offsets.${name}`;
    const count = await ensureOffsetsTopic(this.#admins.target, offsetsTopic, shards);
    const sync = new TopicSync(this.#admins, this.#options);
    this.#topics = await sync.run();
    this.#begin(offsetsTopic, count);
    this.#checkpointLater();
  }

  get name(): string {
    return this.#options.name;
  }

  get topics(): string[] {
    return this.#topics.map(({ topic }) => topic).sort();
  }

  get partitions(): number {
    return this.#topics.reduce((sum, { partitions }) => sum + partitions, 0);
  }

  status(): PartitionStatus[] {
    return this.#shards.flatMap(({ copies }) =>
      copies.map(({ topic, partition, target, lag, recordsCopied, bytesCopied }) => {
        return { topic, partition, targetTopic: target.topic, lag, recordsCopied, bytesCopied };
      }),
    );
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#checkpoints?.cancel();
    const late = new AbortController();
    const timer = this.#target.cluster.settings.platform.timers.after(drainMs, () => late.abort());
    await Promise.all(this.#shards.map((shard) => shard.drain(late.signal)));
    timer.cancel();
    await Promise.all(this.#shards.map((shard) => shard.close()));
    this.#reader.close();
    this.#writer.close();
    await Promise.all([this.#source.client.close(), this.#target.client.close()]);
  }

  #begin(offsetsTopic: string, count: number): void {
    const begin = this.#options.begin ?? 'earliest';
    const byShard = new Map<number, ConstructorParameters<typeof ShardCopy>[0]['partitions'][number][]>();
    for (const { topic, topicId, targetTopic, partitions } of this.#topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const shard = shardOf(topic, partition, count);
        const places = byShard.get(shard) ?? [];
        byShard.set(shard, places);
        places.push({ topic, partition, topicId, targetTopic, begin });
      }
    }
    this.#shards = [...byShard].map(([shard, partitions]) => {
      return new ShardCopy({
        source: this.#source.cluster,
        target: this.#target.cluster,
        reader: this.#reader,
        writer: this.#writer,
        journal: { topic: offsetsTopic, partition: shard },
        transactionalId: `${offsetsTopic}.${shard}`,
        partitions,
        limits: conversionLimitsDefault,
        partitionBytesMax,
        report: (event) => this.#report(event),
        onLost: () => undefined,
      });
    });
    for (const shard of this.#shards) shard.start();
  }

  #checkpointLater(): void {
    this.#checkpoints = this.#target.cluster.settings.platform.timers.after(checkpointMs, () => {
      for (const shard of this.#shards) shard.checkpoint();
      this.#checkpointLater();
    });
  }

  #report(event: Parameters<NonNullable<MirrorOptions['report']>>[0]): void {
    this.#options.report?.(event);
  }
}
