/**
 * The lanes to one broker of the source: connections, each with one fetch under way. There is one, and more over
 * distance (`LaneGrowth`). Measures how far the broker is, and how quickly a connection carries data.
 */
import type { Timer } from '@millrace/base';
import { backoffMs, type Cluster, type Connection } from '@millrace/client/protocol';
import { apiVersions } from '@millrace/wire';
import type { FetchedMemory } from './fetched-memory.ts';
import { LaneGrowth } from './lane-growth.ts';
import { LongTakes } from './long-takes.ts';
import { RoundTrip } from './round-trip.ts';

export interface FetchLane {
  /** Of its connection. */
  readonly purpose: string;
  isBusy: boolean;
}

/** A connection is asked for about as much as it carries in this time. */
const requestMs = 1000;
const requestBytesMin = 64 * 1024;
/** Measured by smaller answers, a connection seems slower than it is. */
const measuredBytesMin = 16 * 1024;
/** The last version that asks for nothing but the versions. */
const apiVersionsMax = 2;

export class BrokerLanes {
  readonly nodeId: number;
  readonly growth = new LaneGrowth();
  readonly takes: LongTakes;
  readonly #cluster: Cluster;
  readonly #memory: FetchedMemory;
  readonly #lanes: FetchLane[] = [];
  readonly #roundTrip = new RoundTrip();
  #failures = 0;
  #notBefore = 0;
  /** Ends the pause. */
  #timer: Timer | undefined;
  /** Of one connection, per ms; 0 while unknown. */
  #bytesPerMs = 0;

  /** `memory` is where answers come to lie. */
  constructor(cluster: Cluster, nodeId: number, memory: FetchedMemory) {
    this.#cluster = cluster;
    this.#memory = memory;
    this.nodeId = nodeId;
    this.takes = new LongTakes(cluster.settings.platform);
  }

  /** The round trip in ms; 0: near. */
  get farMs(): number {
    return this.#roundTrip.farMs;
  }

  /** Most bytes that one request should ask for. */
  requestBytes(most: number): number {
    if (this.#bytesPerMs === 0) return Math.ceil(most / 4);
    return Math.min(most, Math.max(requestBytesMin, Math.ceil(this.#bytesPerMs * requestMs)));
  }

  /** A lane without a request. Those that are too many now are closed. */
  free(): FetchLane | undefined {
    for (let last = this.#lanes.at(-1); last !== undefined; last = this.#lanes.at(-1)) {
      if (this.#lanes.length <= this.growth.count || last.isBusy) break;
      this.#lanes.pop();
      this.#cluster.pool.release(last.purpose);
    }
    for (let place = 0; place < this.growth.count; place++) {
      const lane = this.#lanes[place] ?? this.#open();
      if (!lane.isBusy) return lane;
    }
    return undefined;
  }

  /** Whether it was measured how far the broker is, before which nothing is fetched. */
  get isMeasured(): boolean {
    return this.#roundTrip.isKnown;
  }

  /** Measures how far it is. */
  async measure(lane: FetchLane): Promise<void> {
    const connection = await this.#cluster.pool.connect(this.nodeId, lane.purpose);
    while (!this.isMeasured) await this.#measure(connection);
  }

  /** The lane's connection. What is fetched comes over no other. */
  async connect(lane: FetchLane): Promise<Connection> {
    const connection = await this.#cluster.pool.connect(this.nodeId, lane.purpose);
    if (this.#roundTrip.isDue(this.#cluster.settings.platform.clock.monotonic())) {
      // The next request is sent right behind this one, and tells of the failure if the connection breaks.
      this.#measure(connection).catch(() => undefined);
    }
    return connection;
  }

  /** Whether nothing is to be asked just now; `then` is called when that is over. `limitMs`: another pause's rest. */
  isPausing(limitMs: number, then: () => void): boolean {
    if (this.#timer !== undefined) return true;
    const { clock, timers } = this.#cluster.settings.platform;
    const pauseMs = Math.max(this.#notBefore - clock.monotonic(), limitMs);
    if (pauseMs <= 0) return false;
    this.#timer = timers.after(Math.ceil(pauseMs), () => {
      this.#timer = undefined;
      then();
    });
    return true;
  }

  /** A request was answered with `bytes` of records after `ms`. `isFull`: about as many as were asked for. */
  answered(bytes: number, ms: number, isFull: boolean): void {
    this.#failures = 0;
    this.growth.answered(bytes, this.#cluster.settings.platform.clock.monotonic());
    if (this.farMs === 0 || !isFull || bytes < measuredBytesMin) return;
    const bytesPerMs = bytes / Math.max(1, ms - this.farMs);
    this.#bytesPerMs = this.#bytesPerMs === 0 ? bytesPerMs : (this.#bytesPerMs + bytesPerMs) / 2;
  }

  /** A request failed: nothing is asked for a while, which is as long as after several, or `pauseMs`. */
  failed(pauseMs: number | undefined): void {
    const { settings } = this.#cluster;
    const { clock, randomness } = settings.platform;
    this.#failures += 1;
    this.growth.failed(clock.monotonic());
    this.#notBefore = clock.monotonic() + (pauseMs ?? backoffMs(settings, this.#failures, randomness));
  }

  close(): void {
    this.#timer?.cancel();
    for (const { purpose } of this.#lanes) this.#cluster.pool.release(purpose);
  }

  #open(): FetchLane {
    const lane = { purpose: this.#cluster.newPurpose('mirror'), isBusy: false };
    this.#cluster.pool.useMemory(lane.purpose, this.#memory);
    this.#lanes.push(lane);
    return lane;
  }

  async #measure(connection: Connection): Promise<void> {
    const { clock } = this.#cluster.settings.platform;
    const draft = { clientSoftwareName: '', clientSoftwareVersion: '' };
    const sentAt = clock.monotonic();
    let ms: number | undefined;
    this.#roundTrip.begin();
    try {
      await connection.request(apiVersions, draft, { versionMax: apiVersionsMax });
      ms = clock.monotonic() - sentAt;
    } finally {
      this.#roundTrip.end(ms, clock.monotonic());
    }
  }
}
