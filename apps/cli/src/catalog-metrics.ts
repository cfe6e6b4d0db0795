/** The commands of application metrics, as the catalogue has them. */
import type { CatalogGroup } from './catalog.ts';

export const metricsCatalog: CatalogGroup = {
  name: 'metrics',
  summary: 'Import metrics, ask them, watch them pass, and find anomalies',
  commands: [
    {
      name: 'import',
      summary: "Import a file of metrics: OTLP in JSON, Prometheus's text, OpenMetrics, or CSV",
      load: async () => (await import('./commands/pipeline-metrics-import.ts')).metricsImport,
    },
    {
      name: 'query',
      summary: 'Ask metrics in PromQL, at a time or over one',
      load: async () => (await import('./commands/pipeline-metrics-query.ts')).metricsQuery,
    },
    {
      name: 'tail',
      summary: 'Print samples as they come',
      load: async () => (await import('./commands/pipeline-metrics-tail.ts')).metricsTail,
    },
    {
      name: 'alerts',
      summary: 'List alerts that are pending or fire',
      load: async () => (await import('./commands/pipeline-metrics-alerts.ts')).metricsAlerts,
    },
    {
      name: 'rules',
      summary: 'List rules and what became of them, check and test files of rules',
      commands: [
        {
          name: 'list',
          summary: 'List the rules that are evaluated, and what became of them',
          load: async () => (await import('./commands/pipeline-metrics-rules-list.ts')).rulesList,
        },
        {
          name: 'check',
          summary: "Check files of rules in Prometheus's format",
          load: async () => (await import('./commands/pipeline-metrics-rules-check.ts')).rulesCheck,
        },
        {
          name: 'test',
          summary: 'Run tests of rules in the format of promtool',
          load: async () => (await import('./commands/pipeline-metrics-rules-test.ts')).rulesTest,
        },
      ],
    },
    {
      name: 'rollup',
      summary: 'Run aggregation by rules, as one of any number of processes',
      load: async () => (await import('./commands/pipeline-metrics-rollup.ts')).metricsRollup,
    },
    {
      name: 'anomalies',
      summary: 'Score the points of a series by how unusual they are',
      load: async () => (await import('./commands/pipeline-metrics-anomalies.ts')).metricsAnomalies,
    },
  ],
};
