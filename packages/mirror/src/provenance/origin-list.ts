/**
 * What a cluster knows of the mirrors that write to it, read from its topic `millrace.origins` as far as that went at
 * the last refresh. Mirrors write there before they first use a producer id, so a list that was read up to its end
 * after a batch was fetched knows whether a mirror wrote that batch.
 *
 * A log that ends before what was read of it lost its end, or was made anew: it is read from its start. Whose an id is
 * stays known, as brokers give out none twice; but it is not listed any more, unless the log says so again.
 */
import { isMillraceError, sleep } from '@millrace/base';
import type { Admin } from '@millrace/client';
import { abortable, answerError, backoffMs, type CallBounds, type Cluster } from '@millrace/client/protocol';
import { errorCodes, metadata, RecordBatchBuilder } from '@millrace/wire';
import { appendBatch } from '../copy/append-batch.ts';
import { boundOf, scanLog } from '../copy/log-scan.ts';
import {
  decodeOrigin,
  type MirrorOrigin,
  type OriginRecord,
  type ProducerOrigin,
  type TopicOrigin,
} from './origin-record.ts';

export const originsTopic = 'millrace.origins';
/** Most bytes of one write. */
const writeBytesMax = 512 * 1024;
const place = { topic: originsTopic, partition: 0 };

/** What a log lists. */
class ListedOrigins {
  /** What lies before this offset was read. */
  next = 0;
  readonly producers = new Map<number, ProducerOrigin>();
  /** By topic, then by mirror. */
  readonly topics = new Map<string, Map<string, TopicOrigin>>();
  readonly mirrors = new Map<string, MirrorOrigin>();

  take(record: OriginRecord): void {
    const origin = decodeOrigin(record);
    if ('producerId' in origin) {
      this.producers.set(origin.producerId, origin);
      return;
    }
    if ('chosen' in origin) {
      this.mirrors.set(origin.mirror, origin);
      return;
    }
    const byMirror = this.topics.get(origin.topic) ?? new Map<string, TopicOrigin>();
    this.topics.set(origin.topic, byMirror);
    byMirror.set(origin.mirror, origin);
  }
}

export class OriginList {
  readonly #cluster: Cluster;
  readonly #bounds: CallBounds;
  #listed = new ListedOrigins();
  /** Of logs that are gone. */
  readonly #before = new Map<number, ProducerOrigin>();
  #isThere = false;
  #running: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;

  /** The bounds are those of what is read, which all who ask meanwhile wait for: so not those of any of them. */
  constructor(cluster: Cluster, bounds: CallBounds) {
    this.#cluster = cluster;
    this.#bounds = bounds;
  }

  /** Whose the id is; undefined for one that no mirror uses. */
  producer(producerId: number): ProducerOrigin | undefined {
    return this.#listed.producers.get(producerId) ?? this.#before.get(producerId);
  }

  /** Whether the log still says so. */
  isListed(producerId: number): boolean {
    return this.#listed.producers.has(producerId);
  }

  get producers(): Iterable<ProducerOrigin> {
    return this.#listed.producers.values();
  }

  /** What a mirror copies here; undefined for one that has not said so. */
  mirror(name: string): MirrorOrigin | undefined {
    return this.#listed.mirrors.get(name);
  }

  /** What a topic holds records of, by each mirror that copies to it. */
  originsOf(topic: string): TopicOrigin[] {
    return [...(this.#listed.topics.get(topic)?.values() ?? [])];
  }

  /**
   * Resolves when all is known that was written before the call. Rejects with `KafkaError` (not authorized), with
   * `OriginRecordError`, with a retriable error within the list's bounds, or with the signal's reason.
   */
  refresh({ signal }: Pick<CallBounds, 'signal'>): Promise<void> {
    // What runs may have asked for the end before.
    this.#waiting ??= (this.#running ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#waiting = undefined;
        this.#running = this.#read(this.#bounds);
        return this.#running;
      });
    return abortable(this.#waiting, signal);
  }

  /** Makes the topic if it is not there, and waits until brokers know of it. Rejects likewise. */
  async ensure(admin: Admin, bounds: CallBounds, replicationFactor?: number): Promise<void> {
    const configuration = { 'cleanup.policy': 'compact' };
    const wanted = [{ topic: originsTopic, partitions: 1, replicationFactor, configuration }];
    const created = await this.#cluster.retrying(bounds, async () => {
      const [result] = await admin.createTopics(wanted, bounds);
      if (result?.error?.errorCode === errorCodes.TOPIC_ALREADY_EXISTS) return false;
      if (result?.error !== undefined) throw result.error;
      return true;
    });
    // Who asks one that does not know of it yet takes a mirror for somebody else.
    if (created) await Promise.all(this.#cluster.pool.nodes.map(({ nodeId }) => this.#untilKnown(nodeId, bounds)));
    this.#isThere = true;
  }

  /** Resolves when the records are stored, and known here. The topic must be there. Rejects likewise. */
  async write(records: readonly OriginRecord[], bounds: CallBounds): Promise<void> {
    const now = this.#cluster.settings.platform.clock.now();
    for (let next = 0; next < records.length; ) {
      const builder = new RecordBatchBuilder();
      do {
        const { key, value } = records[next++] as OriginRecord;
        builder.append(now, Buffer.from(key), Buffer.from(value));
      } while (next < records.length && builder.sizeInBytes < writeBytesMax);
      // Twice the same is no harm.
      await appendBatch(this.#cluster, place, builder.build(), bounds);
    }
    for (const record of records) this.#listed.take(record);
  }

  async #untilKnown(nodeId: number, bounds: CallBounds): Promise<void> {
    const { settings } = this.#cluster;
    const { timers, randomness } = settings.platform;
    const draft = { topics: [{ name: originsTopic }], allowAutoTopicCreation: false };
    for (let tries = 1; ; tries++) {
      try {
        const { topics } = await this.#cluster.callBroker(nodeId, metadata, draft);
        if (topics[0]?.errorCode !== errorCodes.UNKNOWN_TOPIC_OR_PARTITION) return;
      } catch (error) {
        // Nobody else reaches it now either.
        if (isMillraceError(error) && error.retriable) return;
        throw error;
      }
      await sleep(timers, backoffMs(settings, tries, randomness), bounds.signal);
    }
  }

  async #read(bounds: CallBounds): Promise<void> {
    this.#isThere ||= await this.#exists(bounds);
    if (!this.#isThere) return;
    const end = await boundOf(this.#cluster, place, 'latest', bounds);
    if (end >= this.#listed.next) return this.#readUpTo(end, this.#listed, bounds);
    // Until all is read, what was known goes on to be.
    const listed = new ListedOrigins();
    await this.#readUpTo(end, listed, bounds);
    for (const [producerId, origin] of this.#listed.producers) this.#before.set(producerId, origin);
    this.#listed = listed;
  }

  async #readUpTo(end: number, listed: ListedOrigins, bounds: CallBounds): Promise<void> {
    if (end <= listed.next) return;
    for await (const batch of scanLog(this.#cluster, place, listed.next, bounds)) {
      listed.next = batch.lastOffset + 1;
      if (!batch.isControl) {
        for (const { key, value } of batch.records()) {
          if (key !== null && value !== null) listed.take({ key: textOf(key), value: textOf(value) });
        }
      }
      if (listed.next >= end) return;
    }
  }

  #exists(bounds: CallBounds): Promise<boolean> {
    return this.#cluster.retrying(bounds, async () => {
      const { topics } = await this.#cluster.askMetadata([originsTopic], false);
      const errorCode = topics[0]?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
      if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) return false;
      if (errorCode === errorCodes.NONE) return true;
      const needed = { operation: 'read', resourceType: 'topic', resourceName: originsTopic } as const;
      throw answerError(errorCode, `look up ${originsTopic}`, undefined, needed);
    });
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
