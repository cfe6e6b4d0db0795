/** The process of `ClusterProcess`: a cluster of one broker, which answers questions about itself. */
import { startCluster } from '@millrace/broker';
import type { ClusterProgramOptions, ClusterProgramState } from './cluster-process.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as ClusterProgramOptions;
const events: string[] = [];
const cluster = await startCluster({
  ...options,
  name: 'tested',
  brokers: [{ nodeId: 1, port: 0 }],
  report: ({ message }) => events.push(message),
});

function state(): ClusterProgramState {
  globalThis.gc?.();
  const { requestBytes, answerBytes, count } = cluster.connections;
  const rss = process.memoryUsage.rss();
  const port = cluster.brokers[0]?.port ?? 0;
  const { listeners } = cluster;
  return { port, listeners, rss, requestBytes, answerBytes, connections: count, events: events.splice(0) };
}

process.on('message', () => process.send?.(state()));
process.on('SIGTERM', () => void cluster.close().then(() => process.exit()));
process.send?.(state());
