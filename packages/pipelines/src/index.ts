export { type CapturedTopic, capturedTopics } from './dbsync/captured-topics.ts';
export { platformTables, secretTables } from './dbsync/platform-tables.ts';
export { type Dbsync, type DbsyncOptions, startDbsync } from './dbsync/start-dbsync.ts';
export { LineIntake } from './logs/collecting/line-intake.ts';
export { OwnLog } from './logs/collecting/own-log.ts';
export { SyslogListener } from './logs/collecting/syslog-listener.ts';
export type { LogLine } from './logs/line/log-line.ts';
export { readFileLines, readLines } from './logs/line/read-lines.ts';
export { LogSettingsError, readLogSettings } from './logs/log-settings.ts';
export { MaskRulesError, parseMaskRules } from './logs/masking/mask-rule.ts';
export { Masker } from './logs/masking/masker.ts';
export { type Logs, type LogsOptions, startLogs } from './logs/start-logs.ts';
export { type TailerOptions, type TailReport, tailFiles } from './logs/tailing/tailer.ts';
export { type MinedLines, mineLines } from './logs/templates/mine-lines.ts';
export { ensureLogTopics, logLines } from './logs/topics.ts';
export type { AlertRecord } from './metrics/alerting/alert-topic.ts';
export { metricsAlerts } from './metrics/alerting/alert-topic.ts';
export { Rules, type RulesOptions } from './metrics/alerting/start-rules.ts';
export { AnomalyDetector, anomalyScore, type ScoredPoint } from './metrics/anomalies/anomaly-detector.ts';
export { type ImportMetricsOptions, type ImportMetricsReport, importMetrics } from './metrics/import/import-metrics.ts';
export { readSeriesCsv, SeriesFileError, type SeriesPoint } from './metrics/import/read-series-csv.ts';
export {
  type MetricsFile,
  MetricsFileError,
  readMetricsFile,
  readRuleFile,
  testRules,
} from './metrics/metrics-file.ts';
export { askClients, type ClientReport, ClientReports } from './metrics/own/client-reports.ts';
export { type OwnFigure, OwnMetrics, type OwnMetricsOptions } from './metrics/own/own-metrics.ts';
export { type PrometheusRoutesOptions, prometheusRoutes } from './metrics/promql/http/routes.ts';
export { Labels } from './metrics/promql/model/labels.ts';
export { type Matcher, matcher } from './metrics/promql/model/matcher.ts';
export type { BucketCounts, NativeHistogram } from './metrics/promql/model/native-histogram.ts';
export { isStale, markStale } from './metrics/promql/model/stale-marker.ts';
export { type Answer, QueryEngine, type QueryEngineOptions } from './metrics/promql/query-engine.ts';
export type { Alert } from './metrics/promql/rules/alert-states.ts';
export type { RuleGroup } from './metrics/promql/rules/rule.ts';
export { RuleEvaluator, type RuleEvaluatorOptions, type RuleSample } from './metrics/promql/rules/rule-evaluator.ts';
export { parseRuleFile, RuleFileError } from './metrics/promql/rules/rule-file.ts';
export type { RuleReport } from './metrics/promql/rules/rule-report.ts';
export type { RuleTestVerdict } from './metrics/promql/rules/rule-tests.ts';
export type * from './metrics/promql/series-source.ts';
export { type RollupRule, RollupRulesError, rollupRules } from './metrics/rollup/rollup-rule.ts';
export { type RollupsOptions, startRollups } from './metrics/rollup/start-rollups.ts';
export type { ScrapeTarget } from './metrics/scrape/scrape-job.ts';
export { Scraper, type ScraperOptions } from './metrics/scrape/scraper.ts';
export { Metrics, type MetricsOptions } from './metrics/start-metrics.ts';
export { metricsRollups, metricsSamples, type StoredSample } from './metrics/topic.ts';
export {
  type Decision,
  type DecisionRequest,
  DecisionRequestError,
  IdempotencyConflict,
  type Judgement,
} from './risk/decisions/decision.ts';
export { Decisions, type DecisionsOptions } from './risk/decisions/decisions.ts';
export {
  type Aggregate,
  type Feature,
  FeatureError,
  type FeatureValues,
  type RatioFeature,
  type RiskEvent,
  type WindowFeature,
} from './risk/features/feature.ts';
export { FeatureState, type FeatureStateOptions, type FeatureUpdate } from './risk/features/feature-state.ts';
export {
  type Arrival as RiskArrival,
  FeatureStream,
  type Progress as FeatureProgress,
  type ResumePoint,
  type Told as ToldFeatures,
} from './risk/features/feature-stream.ts';
export { AccessLogError } from './tracking/access-log/access-log-error.ts';
export { type ReadBadOptions, readBad } from './tracking/bad/read-bad.ts';
export { type ReplayOptions, replayBad } from './tracking/bad/replay-bad.ts';
export { browserScript } from './tracking/browser-script.ts';
export { type Collector, type CollectorOptions, createCollector } from './tracking/collect-route.ts';
export type { EventCounter } from './tracking/event-counter.ts';
export { type EventSchemas, registryEventSchemas } from './tracking/event-schemas.ts';
export { type ImportOptions, type ImportProgress, type ImportReport, importLog } from './tracking/import-log.ts';
export { funnelOf } from './tracking/query/funnel.ts';
export { liveOf } from './tracking/query/live.ts';
export { retentionOf } from './tracking/query/retention.ts';
export { sessionsOf } from './tracking/query/sessions.ts';
export { countEvents, type ReadTotalsOptions, readTotals } from './tracking/read-totals.ts';
export type { RecentEvent } from './tracking/recent-events.ts';
export { startTracking, type Tracking, type TrackingOptions } from './tracking/start-tracking.ts';
export { enrichedEvents, type StoredEvent, trackingEvents } from './tracking/topics.ts';
