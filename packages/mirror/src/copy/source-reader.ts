/**
 * Fetches from the source: for each broker that leads partitions of the mirror one request at a time, which waits at
 * the broker for data, over a connection of its own. What arrives goes to its partition at once, so that the next
 * request is under way while it is written. A partition that takes long, as it is converted or is asked where it came
 * from, is left out of the requests meanwhile, and holds up no other.
 *
 * From a broker that is far it fetches over several connections, also several ranges of one partition (see
 * `PartitionRanges`), which are handed over in order. What is asked for ahead, and waits, is bounded by
 * `aheadBytesMax`, for all partitions together.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import { answerError, type Cluster, type Connection, isStaleLeader, LeaderWatch } from '@millrace/client/protocol';
import type { FetchResponse } from '@millrace/wire';
import { onceATurn } from '../once-a-turn.ts';
import { BrokerLanes, type FetchLane } from './broker-lanes.ts';
import { bytesOf, groupsOf, type PriorityGroups, planFetch } from './fetch-plan.ts';
import {
  bytesIn,
  type FetchPlace,
  fetchByNameVersion,
  fetchEpochVersionMin,
  fetchPlaces,
  fetchVersionOf,
  recordsIn,
} from './fetch-request.ts';
import { FetchedMemory } from './fetched-memory.ts';
import { LeaderEpochs } from './leader-epochs.ts';
import { PartitionRanges } from './partition-ranges.ts';
import type { EpochEnd } from './source-epochs.ts';
import type { SourcePartition } from './source-partition.ts';
import type { SourceReaderOptions } from './source-reader-options.ts';

/** So long nothing is asked of a broker that refused in a way which another try does not cure, as a login. */
const refusedPauseMs = 60_000;

export class SourceReader {
  readonly #cluster: Cluster;
  readonly #options: SourceReaderOptions;
  /** Where what is fetched lies. */
  readonly memory: FetchedMemory;
  /** Sends the fetches that can be sent: to be called whenever a partition may take more, or a leader is known. */
  readonly poke = onceATurn(() => this.#send());
  readonly #abort = new AbortController();
  readonly #leaders: LeaderWatch<SourcePartition>;
  readonly #epochs: LeaderEpochs;
  readonly #partitions = new Map<SourcePartition, PartitionRanges>();
  readonly #brokers = new Map<number, BrokerLanes>();

  constructor(cluster: Cluster, options: SourceReaderOptions) {
    this.#cluster = cluster;
    this.#options = options;
    const { requestBytesMax, memoryBytesMax: bytesMax, scribbles } = options;
    this.memory = new FetchedMemory({ frameBytesMax: 2 * requestBytesMax, bytesMax, scribbles });
    this.#leaders = new LeaderWatch(cluster, this.#abort.signal, () => this.poke());
    this.#epochs = new LeaderEpochs(cluster);
  }

  add(partition: SourcePartition): void {
    if (!this.#partitions.has(partition)) {
      this.#partitions.set(partition, new PartitionRanges(partition, this.memory));
    }
    this.poke();
  }

  /** Fetches it no more. An answer that is under way is dropped. */
  remove(partition: SourcePartition): void {
    this.#partitions.get(partition)?.close();
    this.#partitions.delete(partition);
  }

  #send(): void {
    if (this.#abort.signal.aborted) return;
    const byLeader = new Map<number, PartitionRanges[]>();
    for (const [partition, ranges] of this.#partitions) {
      if (!partition.hasRoom) continue;
      if (ranges.isWaiting) this.#deliver(ranges);
      if (partition.leader < 0) {
        this.#leaders.wait(partition);
        continue;
      }
      const led = byLeader.get(partition.leader);
      if (led === undefined) byLeader.set(partition.leader, [ranges]);
      else led.push(ranges);
    }
    for (const [nodeId, led] of byLeader) this.#fetch(this.#lanesOf(nodeId), led);
  }

  close(): void {
    this.#abort.abort();
    for (const lanes of this.#brokers.values()) lanes.close();
    for (const partition of [...this.#partitions.keys()]) this.remove(partition);
  }

  #lanesOf(nodeId: number): BrokerLanes {
    let lanes = this.#brokers.get(nodeId);
    if (lanes === undefined) {
      lanes = new BrokerLanes(this.#cluster, nodeId, this.memory);
      this.#brokers.set(nodeId, lanes);
    }
    return lanes;
  }

  #deliver(ranges: PartitionRanges): void {
    ranges.deliver()?.then(() => this.poke());
  }

  #fetch(lanes: BrokerLanes, partitions: readonly PartitionRanges[]): void {
    let lane = lanes.free();
    if (lane === undefined) return;
    const now = this.#cluster.settings.platform.clock.monotonic();
    if (lanes.isPausing(this.#options.limit?.pauseMs(now) ?? 0, () => this.poke())) return;
    if (!lanes.isMeasured) return this.#measure(lanes, lane, partitions);
    const groups = groupsOf(partitions, this.#options.priority);
    if (lanes.growth.count === 1) this.#grow(lanes, groups, true);
    for (; lane !== undefined; lane = lanes.free()) {
      const places = this.#plan(lanes, groups);
      if (places.length === 0) break;
      this.#begin(lanes, lane, places);
    }
    if (this.#grow(lanes, groups, lane === undefined)) this.poke();
  }

  /** What is fetched from a broker, and how, depends on how far it is. */
  #measure(lanes: BrokerLanes, lane: FetchLane, partitions: readonly PartitionRanges[]): void {
    lane.isBusy = true;
    lanes.measure(lane).then(
      () => {
        lane.isBusy = false;
        this.poke();
      },
      (error: unknown) => {
        lane.isBusy = false;
        this.#broke(lanes, partitions, error);
      },
    );
  }

  #plan(lanes: BrokerLanes, groups: PriorityGroups): FetchPlace[] {
    const { aheadBytesMax } = this.#options;
    const partitionBytesMax = this.memory.rangeBytes(this.#options.partitionBytesMax);
    const isDivided = lanes.growth.count > 1;
    if (!isDivided) return planFetch(groups, { rangeBytesMax: partitionBytesMax, aheadBytes: 0, isDivided });
    const bytes = [...this.#partitions.values()].reduce((sum, ranges) => sum + ranges.bytes, 0);
    const aheadBytes = Math.min(aheadBytesMax - bytes, this.memory.freeBytes);
    const bounds = { rangeBytesMax: lanes.requestBytes(partitionBytesMax), aheadBytes };
    return planFetch(groups, { ...bounds, isDivided });
  }

  #begin(lanes: BrokerLanes, lane: FetchLane, places: readonly FetchPlace[]): void {
    lane.isBusy = true;
    for (const { ranges, range } of places) ranges.begin(range);
    this.#exchange(lanes, lane, places).then(
      () => {
        lane.isBusy = false;
        this.poke();
      },
      (error: unknown) => {
        lane.isBusy = false;
        for (const { ranges, range } of places) ranges.lost(range);
        const asked = places.map(({ ranges }) => ranges);
        this.#broke(lanes, asked, error);
      },
    );
  }

  /** Lets a broker that is far have more lanes if there is enough to fetch for them; answers whether it did. */
  #grow(lanes: BrokerLanes, groups: PriorityGroups, areAllBusy: boolean): boolean {
    const { growth, farMs } = lanes;
    if (farMs === 0 && growth.count === 1) return false;
    const now = this.#cluster.settings.platform.clock.monotonic();
    const before = growth.count;
    const { partitionBytesMax: rangeBytesMax, aheadBytesMax: aheadBytes } = this.#options;
    const bytes = areAllBusy ? bytesOf(planFetch(groups, { rangeBytesMax, aheadBytes, isDivided: true })) : 0;
    // One lane is enough for what one request brings.
    if (bytes > 0 && (before > 1 || 2 * bytes >= rangeBytesMax)) growth.wanted(farMs, now);
    else growth.enough(now);
    if (growth.count !== before) this.#options.onLanes?.(lanes.nodeId, farMs, growth.count);
    return growth.count > before;
  }

  async #exchange(lanes: BrokerLanes, lane: FetchLane, wanted: readonly FetchPlace[]): Promise<void> {
    const { clock } = this.#cluster.settings.platform;
    const connection = await lanes.connect(lane);
    const version = fetchVersionOf(connection, wanted, this.#options.fetchVersionMax);
    const places = version >= fetchEpochVersionMin ? wanted : await this.#sound(connection, lanes.nodeId, wanted);
    if (this.#abort.signal.aborted || places.length === 0) return;
    const sentAt = clock.monotonic();
    const waitMs = Math.min(this.#options.waitMs, lanes.takes.waitMsMax);
    const expected = places.reduce((sum, { ranges, range }) => sum + ranges.awaited(range), 0);
    const expectedBytes = Math.min(expected, this.#options.requestBytesMax);
    this.memory.expect(expectedBytes);
    const most = this.memory.requestBytes(this.#options.requestBytesMax);
    const response = await fetchPlaces(connection, places, {
      version,
      waitMs,
      maxBytes: this.#options.limit?.share(most, sentAt) ?? most,
      requestTimeoutMs: this.#cluster.settings.requestTimeoutMs,
      leaderEpochOf: (ranges) => this.#epochs.of(ranges),
    }).finally(() => this.memory.expect(-expectedBytes));
    const now = clock.monotonic();
    const bytes = bytesIn(response);
    const asked = places.reduce((sum, { range }) => sum + range.bytesMax, 0);
    lanes.answered(bytes, now - sentAt, 2 * bytes >= asked);
    this.#options.limit?.took(bytes, now);
    this.memory.trim(now);
    const taking = this.#distribute(places, response, version > fetchByNameVersion);
    if (taking !== undefined) await lanes.takes.settle(taking, () => this.poke());
  }

  /** Those of the places whose leader has what was fetched before them; what becomes of the others is decided. */
  async #sound(connection: Connection, nodeId: number, places: readonly FetchPlace[]): Promise<FetchPlace[]> {
    const doubts = await this.#epochs.compare(connection, nodeId, places);
    for (const [place, doubt] of doubts) {
      if ('errorCode' in doubt) this.#refused(place, doubt.errorCode);
      else if (this.#isCurrent(place.ranges)) this.#diverged(place, doubt.end);
    }
    return places.filter((place) => !doubts.has(place));
  }

  /** Hands over what was fetched; resolves when all of it is taken, for which its frame is kept. */
  #distribute(places: readonly FetchPlace[], response: FetchResponse, isById: boolean): Promise<void> | undefined {
    const asked = new Map(
      places.map((place) => {
        const { topic, topicId, partition } = place.ranges.partition;
        return [`${isById ? topicId : topic} ${partition}`, place];
      }),
    );
    const taking: Promise<void>[] = [];
    const frame = recordsIn(response);
    if (frame !== undefined) this.memory.use(frame);
    for (const { topic, topicId, partitions: answers } of response.responses) {
      for (const answer of answers) {
        const name = `${isById ? topicId : topic} ${answer.partitionIndex}`;
        const place = asked.get(name);
        if (place === undefined) continue;
        asked.delete(name);
        const { ranges, range } = place;
        if (answer.errorCode !== 0) {
          this.#refused(place, answer.errorCode);
          continue;
        }
        const { partition } = ranges;
        if (!this.#isCurrent(ranges)) continue;
        if (answer.divergingEpoch.epoch >= 0) {
          this.#diverged(place, answer.divergingEpoch);
          continue;
        }
        const taken = ranges.arrived(range, answer);
        if (taken !== undefined) taking.push(taken);
        if (answer.records === null || answer.records.length === 0 || !this.#isCurrent(ranges)) continue;
        // Brokers fill an answer in the order in which they are asked: who got something comes last the next time.
        this.#partitions.delete(partition);
        this.#partitions.set(partition, ranges);
      }
    }
    for (const { ranges, range } of asked.values()) ranges.lost(range);
    const release = (): void => {
      if (frame !== undefined) this.memory.release(frame);
    };
    if (taking.length > 0) return Promise.all(taking).then(release);
    release();
    return undefined;
  }

  #isCurrent(ranges: PartitionRanges): boolean {
    return this.#partitions.get(ranges.partition) === ranges;
  }

  #diverged({ ranges: { partition } }: FetchPlace, end: EpochEnd): void {
    this.remove(partition);
    partition.diverged(end);
  }

  #refused({ ranges, range }: FetchPlace, errorCode: number): void {
    if (!this.#isCurrent(ranges)) return;
    const { partition } = ranges;
    const action = `fetch ${partition.topic} [${partition.partition}] at ${range.from} of the source`;
    const needed = { operation: 'read', resourceType: 'topic', resourceName: partition.topic } as const;
    const error = answerError(errorCode, action, null, needed);
    // Asking for the leader anew also makes the pause without which the next request would come at once.
    const isLost = error.retriable || isStaleLeader(errorCode);
    if (isLost) partition.leader = -1;
    const isHead = ranges.lost(range, !isLost);
    if (isLost || !isHead) return;
    this.remove(partition);
    partition.failed(error);
  }

  #broke(lanes: BrokerLanes, asked: readonly PartitionRanges[], error: unknown): void {
    if (this.#abort.signal.aborted) return;
    if (!isMillraceError(error)) throw error;
    const { settings } = this.#cluster;
    lanes.failed(error.retriable ? undefined : refusedPauseMs);
    if (!error.retriable) this.#options.onFatal(error);
    else settings.report({ level: 'warn', event: 'fetch_failed', message: `${messageOf(error)}; trying again`, error });
    for (const { partition } of asked) if (partition.leader === lanes.nodeId) partition.leader = -1;
    this.poke();
  }
}
