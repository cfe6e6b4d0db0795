/**
 * What a worker of a mirror knows and tells of where records come from: on the source it finds out which records
 * mirrors brought there, and on the target it lists the producer ids that it is about to use.
 */
import type { Client, TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster, ProducerIdentity } from '@millrace/client/protocol';
import { reverseNameOf } from '../failover/failover-record.ts';
import type { MirrorOptions } from '../mirror.ts';
import type { NameFilter } from '../name-filter.ts';
import type { BatchFilter } from '../verify/batch-filter.ts';
import { OriginList } from './origin-list.ts';
import {
  mirrorRecord,
  type ProducerOrigin,
  producerRecord,
  type TopicOrigin,
  type TopicPlace,
  topicRecord,
} from './origin-record.ts';
import { passes } from './route.ts';
import { type PartitionRoutes, SourceRoutes } from './source-routes.ts';

export interface ProvenanceOptions extends Pick<MirrorOptions, 'name' | 'localOnly' | 'replicationFactor'> {
  readonly sides: { readonly source: MirrorSide; readonly target: MirrorSide };
  /** Whether a topic of the source goes on where a failover ended: it holds what the mirror before brought there. */
  readonly isReversed: (topic: string) => boolean;
  /** Ends what is asked when the worker ends. */
  readonly signal?: AbortSignal | undefined;
}

/** One of a mirror's clusters, and who speaks with it. */
export interface MirrorSide {
  readonly client: Client;
  readonly cluster: Cluster;
}

/** A topic of the source, and what it is called on the target. */
export interface CopiedTopic {
  readonly topic: string;
  readonly targetTopic: string;
}

export class Provenance {
  readonly #options: ProvenanceOptions;
  readonly #bounds: CallBounds;
  readonly #here: OriginList;
  readonly #there: OriginList;
  readonly #routes: SourceRoutes;
  #ids = { source: '', target: '' };
  /** What was listed of each shard's producer. */
  readonly #own = new Map<number, ProducerOrigin>();

  constructor(options: ProvenanceOptions) {
    this.#options = options;
    this.#bounds = { signal: options.signal };
    this.#here = new OriginList(options.sides.source.cluster, this.#bounds);
    this.#there = new OriginList(options.sides.target.cluster, this.#bounds);
    this.#routes = new SourceRoutes(options.sides.source.cluster, this.#here, this.#bounds);
  }

  /** Makes ready to copy: to be called first. Rejects with `KafkaError`, `OriginRecordError`, or a retriable error. */
  async start(): Promise<void> {
    const { sides, replicationFactor } = this.#options;
    await this.#there.ensure(sides.target.client.admin(), this.#bounds, replicationFactor);
    await this.look();
  }

  /** Learns what both clusters know, and changes nothing: for who copies nothing. Rejects likewise. */
  async look(): Promise<void> {
    const { source, target } = this.#options.sides;
    const [from, to] = await Promise.all([
      source.client.admin().describeCluster(),
      target.client.admin().describeCluster(),
    ]);
    this.#ids = { source: from.clusterId ?? '', target: to.clusterId ?? '' };
    await this.refresh(this.#bounds);
  }

  /** What judges the batches of a source partition. */
  routesOf(place: TopicPartition & CopiedTopic): PartitionRoutes {
    const { name, localOnly = false, isReversed } = this.#options;
    const { source, target } = this.#ids;
    // Within one cluster only the topics tell whether records come back.
    const isBack = (): boolean => source !== target || this.#onTarget(place.topic).includes(place.targetTopic);
    return this.#routes.of(place, {
      isLeftOut: (route) => localOnly || (target !== '' && passes(route, target) && isBack()),
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
    const isSame = known?.source === source && known.mirror === mirror && known.routesFrom === routesFrom;
    const origin = { producerId, mirror, shard, source, routesFrom };
    if (!isSame || !this.#there.isListed(producerId)) await this.#there.write([producerRecord(origin)], bounds);
    this.#own.set(shard, origin);
    return routesFrom !== null;
  }

  /** What the mirror copies, as the target knows; undefined where it does not. */
  get chosen(): NameFilter | undefined {
    return this.#there.mirror(this.#options.name)?.chosen;
  }

  /** Whether source and target are one, as far as they say who they are. */
  get isSameCluster(): boolean {
    return this.#ids.source !== '' && this.#ids.source === this.#ids.target;
  }

  /** Tells the target what the mirror copies. Rejects as `list` does. */
  async listChosen(chosen: NameFilter): Promise<void> {
    const record = mirrorRecord({ mirror: this.#options.name, chosen });
    const known = this.chosen && mirrorRecord({ mirror: this.#options.name, chosen: this.chosen });
    if (known?.value !== record.value) await this.#there.write([record], this.#bounds);
  }

  /** Looks again at what both clusters know of mirrors. Rejects as `start` does. */
  async refresh(bounds: CallBounds): Promise<void> {
    await Promise.all([this.#here.refresh(bounds), this.#there.refresh(bounds)]);
  }

  /**
   * Tells the target what its topics hold records of, where it does not know, and again whose producer ids are in use,
   * where its list was lost. Rejects as `list` does.
   */
  async listTopics(topics: readonly CopiedTopic[], bounds: CallBounds): Promise<void> {
    const { name: mirror } = this.#options;
    const { source } = this.#ids;
    const due = topics.flatMap(({ topic, targetTopic }) => {
      const before = this.#here.originsOf(topic).flatMap(({ places }) => places);
      const places = distinct([...before.filter(({ cluster }) => cluster !== source), { cluster: source, topic }]);
      const known = this.#there.originsOf(targetTopic).find((each) => each.mirror === mirror);
      const isKnown = known?.places.length === places.length && places.every((place) => includes(known.places, place));
      return isKnown ? [] : [topicRecord({ topic: targetTopic, mirror, places })];
    });
    const lost = [...this.#own.values()].filter(({ producerId }) => !this.#there.isListed(producerId));
    await this.#there.write([...lost.map(producerRecord), ...due], bounds);
  }

  /** The name under which a topic of the source came from the target, if it is another one than it would now have. */
  otherNameOf({ topic, targetTopic }: CopiedTopic): string | undefined {
    const names = this.#onTarget(topic);
    return names.includes(targetTopic) ? undefined : names[0];
  }

  /**
   * Whether somebody else is to be expected to write to a topic of the target: another mirror that is listed there, or
   * anybody, where what is written there comes to the source in its turn.
   */
  isExpectedWriter(producerId: number, { topic, targetTopic }: CopiedTopic): boolean {
    const origin = this.#there.producer(producerId);
    return (
      (origin !== undefined && origin.mirror !== this.#options.name) || this.#onTarget(topic).includes(targetTopic)
    );
  }

  /** The mirrors that bring what is written to a topic of the target straight to the source's. */
  oppositesOf({ topic, targetTopic }: CopiedTopic): string[] {
    const place = { cluster: this.#ids.target, topic: targetTopic };
    const origins = this.#originsOf(topic).filter(({ places }) => includes(places.slice(-1), place));
    return origins.map(({ mirror }) => mirror);
  }

  /** Tells which batches of a target partition the mirror did not write, and may well find there. */
  strangersOf({ topic, targetTopic }: CopiedTopic): BatchFilter {
    const { name } = this.#options;
    let known = new Map<number, boolean>();
    return {
      prepare: (bytes) => {
        known = new Map();
        return bytes.length === 0 ? undefined : this.#there.refresh(this.#bounds);
      },
      isLeftOut: ({ producerId }) => {
        const before = known.get(producerId);
        if (before !== undefined) return before;
        const isOwn = this.#there.producer(producerId)?.mirror === name;
        const isStranger = !isOwn && this.isExpectedWriter(producerId, { topic, targetTopic });
        known.set(producerId, isStranger);
        return isStranger;
      },
    };
  }

  /** Tells which batches of a source partition are not copied because of where they came from. */
  returningOf(place: TopicPartition & CopiedTopic): BatchFilter {
    const routes = this.routesOf(place);
    return {
      prepare: (bytes) => routes.prepare(bytes),
      isLeftOut: ({ bytes, position }) => {
        const route = routes.routeOf(bytes, position);
        return route !== undefined && routes.isLeftOut(route);
      },
    };
  }

  /** The topics of the target of which a topic of the source holds records, but for those of the way back. */
  #onTarget(topic: string): string[] {
    const { target } = this.#ids;
    const places = this.#originsOf(topic).flatMap((origin) => origin.places);
    return places.filter(({ cluster }) => cluster === target && cluster !== '').map((place) => place.topic);
  }

  /** By which mirrors records come to a topic of the source, but for the way back. */
  #originsOf(topic: string): TopicOrigin[] {
    const reverse = reverseNameOf(this.#options.name);
    return this.#here.originsOf(topic).filter(({ mirror }) => mirror !== reverse);
  }
}

function includes(places: readonly TopicPlace[], { cluster, topic }: TopicPlace): boolean {
  return places.some((each) => each.cluster === cluster && each.topic === topic);
}

function distinct(places: readonly TopicPlace[]): TopicPlace[] {
  return places.filter((place, index) => !includes(places.slice(0, index), place));
}
