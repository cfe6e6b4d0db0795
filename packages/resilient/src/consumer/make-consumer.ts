/** Makes a consumer that follows the answers for its topics. */
import { type Consumer, type GroupConsumerOptions, InvalidOptionError, type TopicLike } from '@millrace/client';
import { type ClientCore, namesOf } from '../client-core.ts';
import type { Bondable } from '../clients/bonds.ts';
import { clusterKey, type Target } from '../clients/target.ts';
import { batchMeasure, recordMeasure } from '../measures/measure-records.ts';
import { StreamMeasures } from '../measures/stream-measures.ts';
import type { ResilientConsumerOptions } from '../resilient.ts';
import { Stream } from '../stream.ts';
import { ConsumerSide } from './consumer-side.ts';
import { GroupTranslation } from './group-translation.ts';
import { SwitchingConsumer } from './switching-consumer.ts';

/** Rejects as `ResilientClient.consumer` says. */
export async function makeConsumer<const T extends readonly TopicLike[]>(
  core: ClientCore,
  options: ResilientConsumerOptions<T>,
): Promise<Consumer<T[number]>> {
  const { newSince = 0, ...plain } = options;
  const { group } = plain;
  if (!Number.isSafeInteger(newSince) || newSince < 0) {
    throw new InvalidOptionError('newSince', 'is a generation of the topic, a whole number from 0');
  }
  if (typeof group !== 'string' || group === '') {
    throw new InvalidOptionError('group', 'is needed: what was read is kept under its name, wherever the topics are');
  }
  const topics = namesOf(options.topics);
  let bondable: Bondable | undefined;
  const followed = await core.follow(topics, 'consumer', plain, () => bondable && core.bonds.wakeOthers(bondable));
  const { platform, report, clients, store } = core.options;
  const measures = new Map(topics.map((name) => [name, new StreamMeasures(name, 'consumer')]));
  const { wanted } = followed;
  const translation = new GroupTranslation({ group, followed, homes: store.homes, newSince });
  const own = measured(plain, measures);
  const makeSide = (target: Target) => new ConsumerSide<T[number]>(clients, target, topics, own);
  const bound: Bondable = {
    ...{ role: 'consumer', wanted },
    place: () => clusterKey(consumer.target.cluster),
    mayGo: () => translation.isDone(wanted.target.cluster, consumer.target),
  };
  bondable = bound;
  let first: ConsumerSide<T[number]> | undefined;
  try {
    await translation.begins();
    const { target } = wanted;
    await remember(core, group, target);
    first = makeSide(target);
    core.ended.throwIfAborted();
  } catch (error) {
    followed.close();
    await first?.close();
    throw error;
  }
  const consumer: SwitchingConsumer<T[number]> = new SwitchingConsumer<T[number]>({
    ...{ platform, group, wanted, first, makeSide, report },
    isTranslated: (place) => translation.isDone(place, consumer.target),
    handedOut: batchMeasure(measures, platform.clock),
    handedOutRecord: recordMeasure(measures, platform.clock),
    agrees: (cluster) => core.bonds.agree(bound, clusterKey(cluster)),
    switched: ({ pauseMs }) => {
      for (const each of measures.values()) {
        each.switched(pauseMs);
        each.lags.clear();
      }
      core.bonds.wakeOthers(bound);
      void remember(core, group, consumer.target);
    },
    closed: async () => {
      followed.close();
      core.bonds.leave(bound);
      core.streams.delete(stream);
    },
  });
  const stream = new Stream({
    ...{ followed, measures, group, own: plain, now: platform.clock.monotonic() },
    target: () => consumer.target,
    close: () => consumer.close(),
  });
  core.bondables.set(consumer, bound);
  core.streams.add(stream);
  return consumer;
}

/** Where the group reads from now on, for members that are started anew. */
async function remember(core: ClientCore, group: string, { cluster, generations }: Target): Promise<void> {
  const { homes } = core.options.store;
  for (const [topic, generation] of generations) await homes.set(group, topic, { ...cluster, generation });
}

/** The same options, where what goes to other members counts as no lag of this one. */
function measured(options: GroupConsumerOptions, measures: ReadonlyMap<string, StreamMeasures>): GroupConsumerOptions {
  const forget = (partitions: Parameters<NonNullable<GroupConsumerOptions['onRevoked']>>[0]): void => {
    for (const { topic, partition } of partitions) measures.get(topic)?.lags.delete(partition);
  };
  return {
    ...options,
    onRevoked: (partitions) => {
      forget(partitions);
      return options.onRevoked?.(partitions);
    },
    onLost: (partitions) => {
      forget(partitions);
      return options.onLost?.(partitions);
    },
  };
}
