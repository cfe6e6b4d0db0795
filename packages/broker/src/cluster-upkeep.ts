/** What a cluster does by the clock, and how often. How each is done is the business of those that do it. */
import type { ClusterLogs } from './cluster-logs.ts';
import type { ClusterState } from './cluster-state.ts';
import type { Housekeeping } from './housekeeping.ts';
import type { ClusterBrokers } from './network/cluster-brokers.ts';

/** How often due syncs by `flush.ms` are looked for, in milliseconds. */
const flushCheckMs = 1000;
/** How often memory that nobody has needed since is given up, in milliseconds. */
const trimMs = 10_000;
/** How often files of certificates are looked at, and connections that do not log in are closed, in milliseconds. */
const securityCheckMs = 2000;

/** Begins all periodic work of a cluster that has started; it ends with the housekeeping. */
export function scheduleUpkeep(
  cluster: ClusterState,
  housekeeping: Housekeeping,
  logs: ClusterLogs,
  brokers: ClusterBrokers,
): void {
  const { configuration } = cluster;
  tendLogs(cluster, housekeeping, logs);
  tendTransactions(cluster, housekeeping);
  housekeeping.every(securityCheckMs, () => brokers.tend());
  keepLeaders(cluster, housekeeping);
  const idleMsMax = configuration.number('connections.max.idle.ms');
  if (idleMsMax >= 0) housekeeping.every(idleMsMax / 4 + 1, () => brokers.closeIdle(idleMsMax));
}

function tendLogs({ configuration }: ClusterState, housekeeping: Housekeeping, logs: ClusterLogs): void {
  housekeeping.every(configuration.number('log.retention.check.interval.ms'), () => logs.retain());
  housekeeping.every(flushCheckMs, () => logs.flushOld());
  housekeeping.every(trimMs, () => logs.environment.buffers.trim());
  if (!configuration.boolean('log.cleaner.enable')) return;
  housekeeping.every(configuration.number('log.cleaner.backoff.ms'), () => logs.compact());
}

function tendTransactions({ configuration, transactions }: ClusterState, housekeeping: Housekeeping): void {
  const openMs = configuration.number('transaction.abort.timed.out.transaction.cleanup.interval.ms');
  housekeeping.every(openMs, () => transactions.abortTimedOut());
  const unusedMs = configuration.number('transaction.remove.expired.transaction.cleanup.interval.ms');
  housekeeping.every(unusedMs, () => transactions.expire());
}

function keepLeaders({ configuration, replication }: ClusterState, housekeeping: Housekeeping): void {
  if (configuration.boolean('auto.leader.rebalance.enable')) {
    const intervalMs = configuration.number('leader.imbalance.check.interval.seconds') * 1000;
    housekeeping.every(intervalMs, () => replication.balance());
  }
  const uncleanMs = configuration.number('unclean.leader.election.interval.ms');
  housekeeping.every(uncleanMs, () => replication.electUnclean());
}
