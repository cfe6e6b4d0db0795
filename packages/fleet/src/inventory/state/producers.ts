/** Who writes to topics, as far as brokers remember it, gathered over looks. Pure. */
import type { ObservedProducer, ObservedTopic } from '../inventory.ts';
import type { Observation } from '../observe/observation.ts';

type Producers = ReadonlyMap<string, readonly ObservedProducer[]>;

/** Of a topic; those that wrote last. */
const producersMax = 20;
/** Brokers forget a producer that has been silent for a day, and so do we. */
const forgetAfterMs = 24 * 3_600_000;

export function mergeProducers(
  before: Producers,
  { producers, transactionalIds, wallAt }: Pick<Observation, 'producers' | 'transactionalIds' | 'wallAt'>,
  topics: ReadonlyMap<string, ObservedTopic>,
): Producers {
  const seen = Map.groupBy(producers, ({ topic }) => topic);
  const merged = new Map<string, readonly ObservedProducer[]>();
  for (const topic of new Set([...before.keys(), ...seen.keys()])) {
    if (!topics.has(topic)) continue;
    const byId = new Map<number, ObservedProducer>();
    for (const known of before.get(topic) ?? []) byId.set(known.producerId, known);
    for (const { producerId, wroteAt } of seen.get(topic) ?? []) {
      const last = byId.get(producerId);
      const transactionalId = transactionalIds.get(producerId) ?? last?.transactionalId;
      const at = Math.max(wroteAt < 0 ? wallAt : wroteAt, last?.wroteAt ?? 0);
      byId.set(producerId, { producerId, wroteAt: at, ...(transactionalId !== undefined && { transactionalId }) });
    }
    const fresh = [...byId.values()].filter(({ wroteAt }) => wallAt - wroteAt < forgetAfterMs);
    fresh.sort((left, right) => right.wroteAt - left.wroteAt || left.producerId - right.producerId);
    if (fresh.length > 0) merged.set(topic, fresh.slice(0, producersMax));
  }
  return merged;
}
