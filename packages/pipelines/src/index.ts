export { AccessLogError } from './tracking/access-log/access-log-error.ts';
export { browserScript } from './tracking/browser-script.ts';
export { type Collector, type CollectorOptions, createCollector } from './tracking/collect-route.ts';
export { type ImportOptions, type ImportProgress, type ImportReport, importLog } from './tracking/import-log.ts';
export { type ReadTotalsOptions, readTotals } from './tracking/read-totals.ts';
export { type RecentEvent, startTracking, type Tracking, type TrackingOptions } from './tracking/start-tracking.ts';
export { type StoredEvent, trackingEvents } from './tracking/topic.ts';
