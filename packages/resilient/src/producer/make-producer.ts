/** Makes a producer that follows the answers for its topics. */
import type { Producer } from '@millrace/client';
import { type ClientCore, namesOf } from '../client-core.ts';
import type { Bondable } from '../clients/bonds.ts';
import { clusterKey, type Target } from '../clients/target.ts';
import { deliveryMeasure } from '../measures/measure-records.ts';
import { StreamMeasures } from '../measures/stream-measures.ts';
import type { ResilientProducerOptions } from '../resilient.ts';
import { Stream } from '../stream.ts';
import { ProducerSide } from './producer-side.ts';
import { SwitchingProducer } from './switching-producer.ts';

/** Rejects as `ResilientClient.producer` says. */
export async function makeProducer(core: ClientCore, options: ResilientProducerOptions): Promise<Producer> {
  const { topic, topics: several, ...own } = options;
  const topics = namesOf(several ?? (topic === undefined ? [] : [topic]));
  let bondable: Bondable | undefined;
  const changed = (): void => {
    if (bondable !== undefined) core.bonds.wakeOthers(bondable);
  };
  const followed = await core.follow(topics, 'producer', own, changed);
  const { platform, report, clients, drainTimeoutMs } = core.options;
  const measures = new Map(topics.map((name) => [name, new StreamMeasures(name, 'producer')]));
  const observe = deliveryMeasure(measures, platform.clock);
  const makeSide = (target: Target): ProducerSide => new ProducerSide({ clients, target, topics, own, observe });
  const { wanted } = followed;
  const place = (): string => clusterKey(producer.target.cluster);
  const bound: Bondable = { role: 'producer', wanted, place, mayGo: () => true };
  bondable = bound;
  let first: ProducerSide | undefined;
  try {
    first = makeSide(wanted.target);
    await first.start();
    core.ended.throwIfAborted();
  } catch (error) {
    followed.close();
    await first?.close();
    throw error;
  }
  const producer: SwitchingProducer = new SwitchingProducer({
    ...{ platform, topics, wanted, first, makeSide, drainTimeoutMs, report, observe },
    transactionalId: own.transactionalId,
    onDelivery: own.onDelivery,
    switched: ({ pauseMs, forced }) => {
      for (const each of measures.values()) each.switched(pauseMs, forced);
    },
    agrees: (cluster) => core.bonds.agree(bound, clusterKey(cluster)),
    joined: (from) => {
      const other = core.bondables.get(from);
      if (other !== undefined) core.bonds.join(bound, other);
    },
    closed: async () => {
      followed.close();
      core.bonds.leave(bound);
      core.streams.delete(stream);
    },
  });
  const close = (): Promise<void> => producer.close();
  const now = platform.clock.monotonic();
  const stream = new Stream({ followed, measures, group: undefined, own, target: () => producer.target, close, now });
  core.streams.add(stream);
  return producer;
}
