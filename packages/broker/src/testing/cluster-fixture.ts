/**
 * For tests: a cluster on the real disk and network, a peer at each of its endpoints, and what every test of a handler
 * does.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectTls } from '@millrace/base';
import { createTopics, fetch, metadata, produce, RecordBatchBuilder, readBatches } from '@millrace/wire';
import type { Cluster } from '../cluster.ts';
import type { BrokerEvent } from '../cluster-options.ts';
import type { SecurityOptions } from '../security/cluster-security.ts';
import { startCluster } from '../start-cluster.ts';
import { WirePeer } from './wire-peer.ts';

export interface ClusterFixtureOptions {
  readonly brokers?: number;
  /** Of the brokers, in order of their node ids. */
  readonly racks?: readonly string[];
  readonly configuration?: Readonly<Record<string, string>>;
  readonly openFilesMax?: number;
  readonly tailBytesMax?: number;
  readonly security?: SecurityOptions;
}

export interface BatchOptions {
  readonly values: readonly (string | null)[];
  readonly key?: string | null;
  readonly timestamp?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
}

export class ClusterFixture implements AsyncDisposable {
  readonly directory: string;
  readonly events: BrokerEvent[] = [];
  readonly #options: ClusterFixtureOptions;
  readonly #peers = new Map<number, WirePeer>();
  #cluster!: Cluster;

  private constructor(directory: string, options: ClusterFixtureOptions) {
    this.directory = directory;
    this.#options = options;
  }

  static async start(options: ClusterFixtureOptions = {}): Promise<ClusterFixture> {
    const fixture = new ClusterFixture(await mkdtemp(join(tmpdir(), 'millrace-cluster-')), options);
    await fixture.#start();
    return fixture;
  }

  get cluster(): Cluster {
    return this.#cluster;
  }

  /** A peer connected to a broker; the first one by default. */
  async peer(nodeId = 1): Promise<WirePeer> {
    const known = this.#peers.get(nodeId);
    if (known !== undefined && !known.closed) return known;
    const address = this.#cluster.brokers.find((broker) => broker.nodeId === nodeId);
    const peer = await WirePeer.connect(address?.port ?? 0);
    this.#peers.set(nodeId, peer);
    return peer;
  }

  /** A new connection through a listener, which the caller closes. */
  connect(listener: string, tls?: ConnectTls, nodeId = 1): Promise<WirePeer> {
    const endpoint = this.#cluster.endpoints.find((each) => each.nodeId === nodeId);
    return WirePeer.connect(endpoint?.listeners?.get(listener)?.port ?? 0, tls);
  }

  async createTopic(
    name: string,
    options: {
      partitions?: number;
      /** Replicas of each partition. */
      replicas?: readonly (readonly number[])[];
      configuration?: Record<string, string>;
    } = {},
  ): Promise<void> {
    const configs = Object.entries(options.configuration ?? {}).map(([key, value]) => ({ name: key, value }));
    const assignments = (options.replicas ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }));
    const counts =
      assignments.length > 0
        ? { numPartitions: -1, replicationFactor: -1 }
        : { numPartitions: options.partitions ?? 1, replicationFactor: 1 };
    const topic = { name, ...counts, assignments, configs };
    const answer = await (await this.peer(this.#cluster.brokers[0]?.nodeId)).request(createTopics, {
      topics: [topic],
      timeoutMs: 1000,
    });
    assert.equal(answer.topics[0]?.errorCode, 0, answer.topics[0]?.errorMessage ?? '');
  }

  /** The peer of the broker that leads a partition. */
  async leaderOf(topic: string, partition = 0): Promise<WirePeer> {
    const { leaderId } = await this.describe(topic, partition);
    return this.peer(leaderId);
  }

  /** Stops a broker at once. */
  stopBroker(nodeId: number): Promise<void> {
    return this.#cluster.stopBroker(nodeId, { graceMs: 0 });
  }

  /** What metadata says of a partition, through a broker that runs. */
  async describe(topic: string, partition = 0) {
    const peer = await this.peer(this.#cluster.brokers[0]?.nodeId);
    const answer = await peer.request(metadata, { topics: [{ name: topic }] });
    const found = answer.topics[0]?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
    assert.ok(found, `${topic}-${partition} is described`);
    return found;
  }

  /** Produces one batch and answers what the broker says of it. */
  async produce(topic: string, batch: Uint8Array, partition = 0, acks = -1) {
    const peer = await this.leaderOf(topic, partition);
    const topicData = [{ name: topic, partitionData: [{ index: partition, records: batch }] }];
    const answer = await peer.request(produce, { acks, timeoutMs: 1000, topicData }, 12);
    const result = answer.responses[0]?.partitionResponses[0];
    assert.ok(result);
    return result;
  }

  /** Fetches from an offset once, and answers the partition's part of the answer with its records as text. */
  async fetch(
    topic: string,
    offset: number,
    options: { partition?: number; waitMs?: number; bytesMin?: number; bytesMax?: number } = {},
  ) {
    const { partition = 0, waitMs = 0, bytesMin = 1, bytesMax = 2 ** 20 } = options;
    const peer = await this.leaderOf(topic, partition);
    const partitions = [{ partition, fetchOffset: offset, partitionMaxBytes: bytesMax }];
    const draft = { maxWaitMs: waitMs, minBytes: bytesMin, maxBytes: bytesMax, topics: [{ topic, partitions }] };
    const answer = await peer.request(fetch, draft, 12);
    const result = answer.responses[0]?.partitions[0];
    assert.ok(result);
    return { ...result, values: valuesOf(result.records) };
  }

  /** Closes the cluster and starts it again on the same directory. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const count = this.#options.brokers ?? 1;
    this.#cluster = await startCluster({
      name: 'test',
      dataDirectory: this.directory,
      brokers: Array.from({ length: count }, (_, index) => ({
        nodeId: index + 1,
        port: 0,
        rack: this.#options.racks?.[index],
      })),
      configuration: this.#options.configuration,
      openFilesMax: this.#options.openFilesMax,
      tailBytesMax: this.#options.tailBytesMax,
      security: this.#options.security,
      report: (event) => this.events.push(event),
    });
  }

  async #stop(): Promise<void> {
    for (const peer of this.#peers.values()) peer[Symbol.dispose]();
    this.#peers.clear();
    await this.#cluster.close();
  }
}

/** An uncompressed batch of records with these values. */
export function batchOf(options: BatchOptions): Uint8Array {
  const builder = new RecordBatchBuilder();
  for (const value of options.values) builder.append(options.timestamp ?? Date.now(), options.key ?? null, value);
  const { producerId = -1, producerEpoch = -1, baseSequence = -1 } = options;
  return builder.build({ compression: 'none', producerId, producerEpoch, baseSequence });
}

/** The values of all records in a fetched field, as text. */
export function valuesOf(records: Uint8Array | null): (string | null)[] {
  const values: (string | null)[] = [];
  for (const batch of readBatches(records ?? new Uint8Array(0))) {
    batch.verifyCrc();
    for (const record of batch.records()) values.push(record.valueText());
  }
  return values;
}
