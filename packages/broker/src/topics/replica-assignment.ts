/**
 * Which brokers hold a new partition's replicas: each next partition begins one broker further, as Kafka without racks
 * does.
 */

/**
 * The replicas of partitions `firstPartition` and on, `count` of them. `shift` (any whole number, for example the
 * number of topics) makes topics begin at different brokers. Equal lists are one array, so that many partitions cost
 * little.
 */
export function assignReplicas(
  nodeIds: readonly number[],
  firstPartition: number,
  count: number,
  replicationFactor: number,
  shift: number,
): (readonly number[])[] {
  const rotations = nodeIds.map((_, first) =>
    Array.from({ length: replicationFactor }, (_unused, step) => nodeIds[(first + step) % nodeIds.length] as number),
  );
  return Array.from(
    { length: count },
    (_, index) => rotations[(shift + firstPartition + index) % nodeIds.length] as readonly number[],
  );
}
