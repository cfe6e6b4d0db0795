/**
 * What a worker of a mirror knows and tells of where records come from: on the source it finds out which records
 * mirrors brought there, and on the target it lists the producer ids that it is about to use.
 */
import type { Client, TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster, ProducerIdentity } from '@millrace/client/protocol';
import { reverseNameOf } from '../failover/failover-record.ts';
import type { MirrorOptions } from '../mirror.ts';
import { OriginList } from './origin-list.ts';
import { producerRecord } from './origin-record.ts';
import { passes } from './route.ts';
import { type PartitionRoutes, SourceRoutes } from './source-routes.ts';

export interface ProvenanceOptions extends Pick<MirrorOptions, 'name' | 'localOnly'> {
  readonly sides: { readonly source: MirrorSide; readonly target: MirrorSide };
  /** Whether a topic of the source goes on where a failover ended: it holds what the mirror before brought there. */
  readonly isReversed: (topic: string) => boolean;
  /** Ends what is asked when the worker ends. */
  readonly signal: AbortSignal;
}

/** One of a mirror's clusters, and who speaks with it. */
export interface MirrorSide {
  readonly client: Client;
  readonly cluster: Cluster;
}

export class Provenance {
  readonly #options: ProvenanceOptions;
  readonly #bounds: CallBounds;
  readonly #here: OriginList;
  readonly #there: OriginList;
  readonly #routes: SourceRoutes;
  #ids = { source: '', target: '' };

  constructor(options: ProvenanceOptions) {
    this.#options = options;
    this.#bounds = { signal: options.signal };
    this.#here = new OriginList(options.sides.source.cluster);
    this.#there = new OriginList(options.sides.target.cluster);
    this.#routes = new SourceRoutes(options.sides.source.cluster, this.#here, this.#bounds);
  }

  /** To be called first. Rejects with `KafkaError`, `OriginRecordError`, or a retriable error. */
  async start(): Promise<void> {
    const { source, target } = this.#options.sides;
    const [from, to] = await Promise.all([
      source.client.admin().describeCluster(),
      target.client.admin().describeCluster(),
    ]);
    this.#ids = { source: from.clusterId ?? '', target: to.clusterId ?? '' };
    await this.#there.ensure(target.client.admin(), this.#bounds);
    await Promise.all([this.#here.refresh(this.#bounds), this.#there.refresh(this.#bounds)]);
  }

  /** What judges the batches of a source partition. */
  routesOf(place: TopicPartition): PartitionRoutes {
    const { name, localOnly = false, isReversed } = this.#options;
    const { target } = this.#ids;
    return this.#routes.of(place, {
      isLeftOut: (route) => localOnly || (target !== '' && passes(route, target)),
      isLocal: (other) => other === reverseNameOf(name) && isReversed(place.topic),
    });
  }

  /**
   * Resolves once the target knows whose the producer id is, which must be before it is first used for data. Answers
   * whether records may be written with it that came to the source by mirrors: `isRouted`, or if that was so before.
   * Rejects with `KafkaError`, or a retriable error within the bounds.
   */
  async list(
    { producerId, epoch }: ProducerIdentity,
    shard: number,
    isRouted: boolean,
    bounds: CallBounds,
  ): Promise<boolean> {
    const { name: mirror } = this.#options;
    const { source } = this.#ids;
    await this.#there.refresh(bounds);
    const known = this.#there.producer(producerId);
    const routesFrom = known?.routesFrom ?? (isRouted ? epoch : null);
    const isListed = known?.source === source && known.mirror === mirror && known.routesFrom === routesFrom;
    if (!isListed) await this.#there.write([producerRecord({ producerId, mirror, shard, source, routesFrom })], bounds);
    return routesFrom !== null;
  }

  /**
   * Whether somebody else is to be expected to write to topics of the target: another mirror that is listed there, or
   * anybody, where what is written there is mirrored in the other direction.
   */
  isExpectedWriter(producerId: number): boolean {
    if (this.#there.producer(producerId) !== undefined) return true;
    return isMirroredBack(this.#options.name, this.#here, this.#ids.target);
  }
}

/** Whether a cluster lists a mirror from the target that is not the way back of this one. */
export function isMirroredBack(mirror: string, sourceList: OriginList, target: string): boolean {
  if (target === '') return false;
  const reverse = reverseNameOf(mirror);
  for (const origin of sourceList.producers) if (origin.source === target && origin.mirror !== reverse) return true;
  return false;
}
