/** Partitions of each topic of a run. */
export const partitionCount = 4;
