/**
 * By which routes the batches of a mirror's source came there: told by their producer ids, for which `prepare` makes
 * sure that everything is known before they are judged.
 *
 * A producer id that the list did not know after a batch of it was fetched is no mirror's, and never will be: mirrors
 * list theirs before they use them, and brokers give out none twice. Of one that is listed as having one route nothing
 * else is asked, until it comes with a newer epoch: with that it may be listed anew.
 */
import { isMillraceError } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { batchHeader } from '@millrace/wire';
import type { ChunkRoutes } from '../batches/chunk-plan.ts';
import { JournalReader } from '../copy/journal-reader.ts';
import { offsetsTopicOf } from '../topics/offsets-topic.ts';
import { ChunkRouteMap, type RoutedBatch } from './chunk-route-map.ts';
import type { OriginList } from './origin-list.ts';
import type { ProducerOrigin } from './origin-record.ts';
import { routeThrough } from './route.ts';

/** So many producer ids of nobody's mirror are remembered; then it is asked for them again. */
const strangersMax = 100_000;

const { control } = batchHeader.batchAttributeBits;

export interface RouteManner {
  /** Whether what came by a route is left out. */
  readonly isLeftOut: (route: string) => boolean;
  /** Whether what a mirror wrote counts as written here. Default: none does. */
  readonly isLocal?: ((mirror: string) => boolean) | undefined;
}

export class SourceRoutes {
  readonly #cluster: Cluster;
  readonly #list: OriginList;
  readonly #bounds: CallBounds;
  /** Producer ids that are no mirror's. */
  readonly #strangers = new Set<number>();
  /** The newest epoch with which a mirror's producer id was seen before the list was read. */
  readonly #epochs = new Map<number, number>();
  readonly #journals = new Map<string, JournalReader>();

  /** `list`: of the cluster that is read. */
  constructor(cluster: Cluster, list: OriginList, bounds: CallBounds) {
    this.#cluster = cluster;
    this.#list = list;
    this.#bounds = bounds;
  }

  /** What judges the batches of a partition. */
  of(place: TopicPartition, manner: RouteManner): PartitionRoutes {
    return new PartitionRoutes(this, place, manner);
  }

  /** Whether nothing has to be asked to judge what the producer wrote, but for routes in journals. */
  isKnown(producerId: number, epoch: number): boolean {
    if (producerId < 0 || this.#strangers.has(producerId)) return true;
    const judged = this.#epochs.get(producerId);
    return judged !== undefined && epoch <= judged;
  }

  /** Whose the id is; undefined for one that is no mirror's. Known once `isKnown` says so. */
  originOf(producerId: number): ProducerOrigin | undefined {
    return producerId < 0 ? undefined : this.#list.producer(producerId);
  }

  /** Resolves when all of these producers are known; rejects as `OriginList.refresh` does. */
  async learn(producers: ReadonlyMap<number, number>): Promise<void> {
    await this.#list.refresh(this.#bounds);
    if (this.#strangers.size > strangersMax) this.#strangers.clear();
    for (const [producerId, epoch] of producers) {
      if (this.#list.producer(producerId) === undefined) this.#strangers.add(producerId);
      else this.#epochs.set(producerId, Math.max(epoch, this.#epochs.get(producerId) ?? -1));
    }
  }

  /**
   * The routes of what a mirror wrote to a partition from an offset on, as its journal tells them now. Rejects as the
   * client does.
   */
  async mapOf({ mirror, shard }: ProducerOrigin, place: TopicPartition, from: number): Promise<ChunkRouteMap> {
    const journal =
      this.#journals.get(mirror) ?? new JournalReader(this.#cluster, offsetsTopicOf(mirror), this.#bounds);
    this.#journals.set(mirror, journal);
    const content = await journal.contentOf(shard);
    for (const { topic, partition } of content.partitions) {
      if (partition !== place.partition) continue;
      const chunks = content.chunksOf({ topic, partition }).map(({ value }) => value);
      if (chunks.some(({ targetTopic }) => targetTopic === place.topic)) return new ChunkRouteMap(chunks, from);
    }
    return new ChunkRouteMap([]);
  }
}

/** Judges the batches of one partition, chunk by chunk: each is to be prepared first. */
export class PartitionRoutes implements ChunkRoutes {
  readonly #routes: SourceRoutes;
  readonly #place: TopicPartition;
  readonly #manner: RouteManner;
  /** By producer id, what journals tell of routes. */
  readonly #maps = new Map<number, ChunkRouteMap>();
  /** The producer met last, and whose it is: most chunks have few. */
  #last: { readonly producerId: number; readonly origin: ProducerOrigin | undefined } | undefined;

  constructor(routes: SourceRoutes, place: TopicPartition, manner: RouteManner) {
    this.#routes = routes;
    this.#place = place;
    this.#manner = manner;
  }

  /**
   * Makes sure that the batches of fetched bytes can be judged; undefined when nothing has to be asked for that. A
   * chunk that is damaged is looked at as far as it is not. Rejects with `KafkaError`, `OriginRecordError`,
   * `OffsetsTopicError`, or a retriable error, when it can't be found out.
   */
  prepare(bytes: Uint8Array): Promise<void> | undefined {
    this.#last = undefined;
    const unknown = new Map<number, number>();
    let isUnsettled = false;
    for (const position of batchesIn(bytes)) {
      const producerId = batchHeader.producerId(bytes, position);
      const epoch = batchHeader.producerEpoch(bytes, position);
      if (this.#routes.isKnown(producerId, epoch)) isUnsettled ||= this.#isUnsettled(bytes, position);
      else unknown.set(producerId, Math.max(epoch, unknown.get(producerId) ?? -1));
    }
    return unknown.size === 0 && !isUnsettled ? undefined : this.#learn(unknown, bytes);
  }

  routeOf(bytes: Uint8Array, position: number): string | undefined {
    const origin = this.#originAt(bytes, position);
    if (origin === undefined || this.#manner.isLocal?.(origin.mirror) === true) return undefined;
    const before = hasRoutes(origin, bytes, position)
      ? this.#maps.get(origin.producerId)?.routeOf(at(bytes, position))
      : '';
    return routeThrough(before ?? '', origin.source);
  }

  isLeftOut(route: string): boolean {
    return this.#manner.isLeftOut(route);
  }

  #originAt(bytes: Uint8Array, position: number): ProducerOrigin | undefined {
    const producerId = batchHeader.producerId(bytes, position);
    if (this.#last?.producerId !== producerId) this.#last = { producerId, origin: this.#routes.originOf(producerId) };
    return this.#last.origin;
  }

  /** Whether a journal may tell of the batch what is not known here. */
  #isUnsettled(bytes: Uint8Array, position: number): boolean {
    const origin = this.#originAt(bytes, position);
    if (origin === undefined || !hasRoutes(origin, bytes, position)) return false;
    return this.#maps.get(origin.producerId)?.isSettled(at(bytes, position)) !== true;
  }

  async #learn(unknown: ReadonlyMap<number, number>, bytes: Uint8Array): Promise<void> {
    if (unknown.size > 0) await this.#routes.learn(unknown);
    this.#last = undefined;
    const due = new Map<number, ProducerOrigin>();
    const positions = batchesIn(bytes);
    for (const position of positions) {
      const origin = this.#originAt(bytes, position);
      if (origin !== undefined && this.#isUnsettled(bytes, position)) due.set(origin.producerId, origin);
    }
    // What lies before these bytes was judged.
    const from = positions.length === 0 ? 0 : batchHeader.baseOffset(bytes, 0);
    for (const [producerId, origin] of due) {
      this.#maps.set(producerId, await this.#routes.mapOf(origin, this.#place, from));
    }
  }
}

function hasRoutes({ routesFrom }: ProducerOrigin, bytes: Uint8Array, position: number): boolean {
  return routesFrom !== null && batchHeader.producerEpoch(bytes, position) >= routesFrom;
}

function at(bytes: Uint8Array, position: number): RoutedBatch {
  return {
    baseOffset: batchHeader.baseOffset(bytes, position),
    producerEpoch: batchHeader.producerEpoch(bytes, position),
    baseSequence: batchHeader.baseSequence(bytes, position),
  };
}

/**
 * Where the chunk's whole batches of records begin, up to damage, or messages from before batches had producers. Of
 * control batches there is nothing to judge: whose ids they have may not be listed yet.
 */
function batchesIn(bytes: Uint8Array): number[] {
  const positions: number[] = [];
  try {
    for (let position = 0; ; ) {
      const size = batchHeader.wholeBatchSize(bytes, position);
      if (size === 0) break;
      if ((batchHeader.attributes(bytes, position) & control) === 0) positions.push(position);
      position += size;
    }
  } catch (error) {
    // Whoever converts the chunk comes upon the same, and tells.
    if (!isMillraceError(error)) throw error;
  }
  return positions;
}
