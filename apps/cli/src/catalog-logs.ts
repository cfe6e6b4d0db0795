/** The commands of application logs, as the catalogue has them. */
import type { CatalogGroup } from './catalog.ts';

export const logsCatalog: CatalogGroup = {
  name: 'logs',
  summary: 'Find, follow and import lines of logs, and their shapes',
  commands: [
    {
      name: 'search',
      summary: 'Find lines of logs by time, label, severity, template and words',
      load: async () => (await import('./commands/pipeline-logs-search.ts')).logsSearch,
    },
    {
      name: 'tail',
      summary: 'Print lines of logs as they come',
      load: async () => (await import('./commands/pipeline-logs-tail.ts')).logsTail,
    },
    {
      name: 'alerts',
      summary: 'Show shapes of lines that were new, or surged',
      load: async () => (await import('./commands/pipeline-logs-alerts.ts')).logsAlerts,
    },
    {
      name: 'import',
      summary: 'Store the lines of files, each once',
      load: async () => (await import('./commands/pipeline-logs-import.ts')).logsImport,
    },
    {
      name: 'tail-file',
      summary: 'Follow files through their rotations, each line stored once',
      load: async () => (await import('./commands/pipeline-logs-tail-file.ts')).logsTailFile,
    },
    {
      name: 'syslog',
      summary: 'Take lines that programs and devices send as syslog',
      load: async () => (await import('./commands/pipeline-logs-syslog.ts')).logsSyslog,
    },
    {
      name: 'templates',
      summary: 'Show the shapes of the lines of a file',
      load: async () => (await import('./commands/pipeline-logs-templates.ts')).logsTemplates,
    },
  ],
};
