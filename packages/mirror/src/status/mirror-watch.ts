/**
 * Looks at a mirror from outside: at the journals and the workers' group on its target, and at its source's ends. It
 * asks no worker, and disturbs none.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import type { ClientOptions, TopicPartition } from '@millrace/client';
import { answerError, type CallBounds, type Cluster, openCluster, resolveOffsets } from '@millrace/client/protocol';
import { describeGroups, errorCodes } from '@millrace/wire';
import { JournalReader } from '../copy/journal-reader.ts';
import { timeAt } from '../copy/log-scan.ts';
import { readFailovers } from '../failover/failover-log.ts';
import { decodeAssignment, decodeClaim } from '../sharing/sharing-messages.ts';
import { workersGroupOf } from '../sharing/workers-group.ts';
import { offsetsTopicOf } from '../topics/offsets-topic.ts';
import { type FoundPartition, type FoundWorker, type MirrorState, mirrorState } from './mirror-state.ts';

export interface MirrorWatchOptions extends CallBounds {
  /** What the mirror is called. */
  readonly name: string;
  readonly source: ClientOptions;
  readonly target: ClientOptions;
  /** As the mirror has it. */
  readonly rename?: ((topic: string) => string) | undefined;
}

/** So many partitions are asked for how old what is not copied is: those that are farthest behind. */
const agesMax = 100;
const agesAtOnce = 8;
const committed = 1;

type Opened = ReturnType<typeof openCluster>;

export class MirrorWatch implements AsyncDisposable {
  readonly #options: MirrorWatchOptions;
  readonly #source: Opened;
  readonly #target: Opened;
  readonly #journal: JournalReader;

  constructor(options: MirrorWatchOptions) {
    this.#options = options;
    this.#source = openCluster(options.source);
    this.#target = openCluster(options.target);
    this.#journal = new JournalReader(this.#target.cluster, offsetsTopicOf(options.name), this.#bounds);
  }

  /**
   * What it is like now. Of the journals only what is new since the last time is read. Rejects with `OffsetsTopicError`
   * when the target knows no such mirror, with `SharingMessageError` when something else uses its group, and with the
   * client's errors.
   */
  async look(): Promise<MirrorState> {
    const { name, rename } = this.#options;
    // In this order, so that what is copied meanwhile makes no lag.
    const [shards, known] = [await this.#journal.shards(), await this.#journal.newest()];
    const failovers = await readFailovers(this.#target.cluster, name, this.#bounds);
    const counts = await partitionCounts(this.#source.cluster, new Set(known.map(({ topic }) => topic)), this.#bounds);
    // A topic whose count is not told is asked for, as that tells why.
    const isGone = ({ topic, partition }: TopicPartition): boolean => partition >= (counts.get(topic) ?? partition + 1);
    const there = known.filter((place) => !isGone(place));
    const [workers, ends] = await Promise.all([
      foundWorkers(this.#target.cluster, workersGroupOf(name), this.#bounds),
      resolveOffsets(
        this.#source.cluster,
        there.map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const })),
        this.#bounds,
        committed,
      ),
    ]);
    const endOf = new Map(there.map((place, index) => [place, ends[index]]));
    const found = known.map((place): FoundPartition => {
      const { topic, partition, shard, chunk } = place;
      const end = endOf.get(place);
      const [sourceEnd, problem] = end?.error === undefined ? [end?.value.offset, undefined] : [undefined, end.error];
      const { confirmed, producerId, losses, standstill } = chunk;
      const guarantee = producerId < 0 ? 'at-least-once' : 'exactly-once';
      const told = { confirmed, losses, standstill, guarantee, isGone: isGone(place) } as const;
      const message = problem && messageOf(problem);
      return { topic, partition, shard, ...told, sourceEnd, problem: message, uncopiedSince: undefined };
    });
    return mirrorState({
      mirror: name,
      now: this.#source.cluster.settings.platform.clock.now(),
      shards,
      workers,
      partitions: await this.#withAges(found),
      sourcePartitions: counts,
      targetTopicOf: (topic) => failovers.get(topic)?.targetTopic ?? rename?.(topic) ?? topic,
      failovers,
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#source.client.close(), this.#target.client.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #bounds(): CallBounds {
    const { timeoutMs, signal } = this.#options;
    return { timeoutMs, signal };
  }

  async #withAges(found: readonly FoundPartition[]): Promise<FoundPartition[]> {
    const lagging = found.filter((each) => lagOf(each) > 0).sort((left, right) => lagOf(right) - lagOf(left));
    const queue = lagging.slice(0, agesMax);
    const ages = new Map<FoundPartition, number | undefined>();
    const work = async (): Promise<void> => {
      for (let each = queue.shift(); each !== undefined; each = queue.shift()) ages.set(each, await this.#ageOf(each));
    };
    await Promise.all(Array.from({ length: agesAtOnce }, work));
    return found.map((each) => ({ ...each, uncopiedSince: ages.get(each) }));
  }

  #ageOf({ topic, partition, confirmed }: FoundPartition): Promise<number | undefined> {
    const place: TopicPartition = { topic, partition };
    return timeAt(this.#source.cluster, place, confirmed.source, this.#bounds);
  }
}

/** How many partitions topics have, none where there is no such topic; those are left out of which that is not told. */
async function partitionCounts(
  cluster: Cluster,
  topics: ReadonlySet<string>,
  bounds: CallBounds,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  if (topics.size === 0) return counts;
  const response = await cluster.retrying(bounds, () => cluster.askMetadata([...topics], false));
  for (const { name, errorCode, partitions } of response.topics) {
    if (name === null) continue;
    if (errorCode === errorCodes.UNKNOWN_TOPIC_OR_PARTITION) counts.set(name, 0);
    else if (errorCode === errorCodes.NONE) counts.set(name, partitions.length);
  }
  return counts;
}

function lagOf({ sourceEnd, confirmed }: FoundPartition): number {
  return sourceEnd === undefined ? 0 : sourceEnd - confirmed.source;
}

/** The members of a mirror's group, by the names of the workers. */
async function foundWorkers(cluster: Cluster, group: string, bounds: CallBounds): Promise<FoundWorker[]> {
  const { members, isStable } = await cluster.retrying(bounds, async (remainingMs) => {
    const timeoutMs = Math.min(remainingMs, cluster.settings.requestTimeoutMs);
    const node = await cluster.findCoordinator(group, 'group', timeoutMs);
    const { groups } = await cluster.callBroker(node, describeGroups, { groups: [group] }, { timeoutMs });
    const {
      errorCode = errorCodes.UNKNOWN_SERVER_ERROR,
      errorMessage,
      members: all = [],
      groupState,
    } = groups[0] ?? {};
    if (errorCode === errorCodes.GROUP_ID_NOT_FOUND) return { members: [], isStable: true };
    const needed = { operation: 'describe', resourceType: 'group', resourceName: group } as const;
    if (errorCode !== 0) throw answerError(errorCode, `describe group ${group}`, errorMessage, needed);
    return { members: all, isStable: groupState === 'Stable' };
  });
  return members
    .map(({ memberId, clientId, clientHost, memberMetadata, memberAssignment }) => {
      const worker = workerName(memberMetadata) ?? memberId;
      const host = clientHost.replace(/^\//, '');
      return { worker, member: memberId, clientId, host, shards: isStable ? shardsIn(memberAssignment) : undefined };
    })
    .sort((left, right) => (left.worker < right.worker ? -1 : 1));
}

/** Undefined while the members share anew, when brokers tell nothing of it; likewise of something else. */
function workerName(metadata: Uint8Array): string | undefined {
  try {
    return metadata.length === 0 ? undefined : decodeClaim(metadata).worker;
  } catch (error) {
    if (isMillraceError(error, 'sharing_message_corrupt')) return undefined;
    throw error;
  }
}

function shardsIn(assignment: Uint8Array): number[] {
  if (assignment.length === 0) return [];
  return decodeAssignment(assignment)
    .shards.map(({ shard }) => shard)
    .sort((left, right) => left - right);
}
