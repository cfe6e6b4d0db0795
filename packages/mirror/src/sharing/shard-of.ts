/** Which shard of a mirror a partition belongs to. Fixed for good: the shard's journal holds the partition's map. */

/**
 * A number from 0 on, below `shards`. Partitions of a topic, as far as there are shards, belong to different ones.
 */
export function shardOf(topic: string, partition: number, shards: number): number {
  return (hashOf(topic) + partition) % shards;
}

/** FNV-1a, 32 bits, over the name in UTF-8. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
