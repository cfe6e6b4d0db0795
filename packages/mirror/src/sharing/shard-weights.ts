/**
 * How heavy each shard of a mirror is taken to be, from what is measured of some of them. Every partition has a little
 * weight of its own, so that idle shards are spread too, for the day they wake up.
 */

/** What a partition weighs without any load, as a part of the mean load of a partition. */
const idlePart = 1 / 20;

/**
 * The weight of each shard, by its number. `partitions`: how many each has; one without any weighs nothing. `loads`:
 * bytes per second by shard, of those that are measured; the others count as the mean of these, and without any of
 * these the partitions decide.
 */
export function shardWeights(partitions: readonly number[], loads: ReadonlyMap<number, number>): number[] {
  let measuredLoad = 0;
  let measuredPartitions = 0;
  for (const [shard, count] of partitions.entries()) {
    const load = loads.get(shard);
    if (load === undefined || count === 0) continue;
    measuredLoad += load;
    measuredPartitions += count;
  }
  const mean = measuredPartitions === 0 ? 0 : measuredLoad / measuredPartitions;
  const unit = mean === 0 ? 1 : mean;
  return partitions.map((count, shard) => {
    if (count === 0) return 0;
    return (loads.get(shard) ?? mean * count) + unit * count * idlePart;
  });
}
