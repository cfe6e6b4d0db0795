/**
 * Where records go that name no partition: by their key's hash, as Kafka's Java client does it, or wherever the
 * producer likes.
 */
import type { Partitioner } from '../producer.ts';
import { murmur2, murmur2Text } from './murmur2.ts';

/** Lets the producer choose. */
export const anyPartition = -1;

/** Murmur2 of the key modulo the partitions; records without a key go where the producer chooses (KIP-480, KIP-794). */
export const keyPartitioner: Partitioner = {
  partition(_topic, key, partitionCount) {
    if (key === null) return anyPartition;
    const hash = typeof key === 'string' ? murmur2Text(key) : murmur2(key);
    return (hash & 0x7fff_ffff) % partitionCount;
  },
};
