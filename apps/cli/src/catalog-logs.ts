/** The commands of application logs, as the catalogue has them. */
import type { CatalogGroup } from './catalog.ts';

export const logsCatalog: CatalogGroup = {
  name: 'logs',
  summary: 'Find the shapes of lines of logs',
  commands: [
    {
      name: 'templates',
      summary: 'Show the shapes of the lines of a file',
      load: async () => (await import('./commands/pipeline-logs-templates.ts')).logsTemplates,
    },
  ],
};
