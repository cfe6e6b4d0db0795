export type { Asset } from './asset.ts';
export { type Authentication, installedAuthentication } from './authentication.ts';
export { EventHub, type Feed } from './event-hub.ts';
export type { RateLimits } from './guard.ts';
export type { ReadinessCheck } from './health.ts';
export { type HttpServer, type RequestFailure, type ServerLimits, type ServerOptions, startServer } from './server.ts';
export { type StatusPageOptions, statusPage } from './status-page/status-page.ts';
export {
  type ClusterStatus,
  type TopicStatus,
  type WatchedCluster,
  type WatchOptions,
  watchClusters,
} from './status-page/watch-clusters.ts';
export type { Rate } from './token-buckets.ts';
