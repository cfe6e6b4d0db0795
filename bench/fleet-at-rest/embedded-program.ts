/**
 * A fleet of embedded clusters in a process of its own: `DIRECTORY CLUSTERS BROKERS`, with `--expose-gc`.
 *
 * It says once that it serves, and what its heap holds whenever it gets a message; it stops when its channel closes.
 */
import { once } from 'node:events';
import { type LocalClusterPlan, openDataDirectory, startEmbeddedFleet } from '@millrace/engines';

export interface FleetServes {
  /** Of each cluster. */
  readonly bootstraps: readonly string[];
}

export interface FleetHeap {
  /** Used after a garbage collection. */
  readonly heapBytes: number;
}

const [directory = '', clusters = '1', brokers = '1'] = process.argv.slice(2);

/** So many clusters, the brokers shared out evenly. */
function plans(clusterCount: number, brokerCount: number): LocalClusterPlan[] {
  return Array.from({ length: clusterCount }, (_, index) => {
    const size =
      Math.floor(((index + 1) * brokerCount) / clusterCount) - Math.floor((index * brokerCount) / clusterCount);
    return { name: `c${index}`, brokers: Array.from({ length: size }, (_each, at) => ({ nodeId: at + 1, port: 0 })) };
  });
}

await using dataDirectory = await openDataDirectory(directory, { purpose: 'a benchmark' });
await using fleet = await startEmbeddedFleet({ dataDirectory, clusters: plans(Number(clusters), Number(brokers)) });
const closed = once(process, 'disconnect');
process.on('message', () => {
  globalThis.gc?.();
  const answer: FleetHeap = { heapBytes: process.memoryUsage().heapUsed };
  process.send?.(answer);
});
const serves: FleetServes = { bootstraps: fleet.clusters.map(({ bootstrap }) => bootstrap) };
process.send?.(serves);
await closed;
