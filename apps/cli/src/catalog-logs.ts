/** The commands of application logs, as the catalogue has them. */
import type { CatalogGroup } from './catalog.ts';

export const logsCatalog: CatalogGroup = {
  name: 'logs',
  summary: 'Follow files of logs, and find the shapes of their lines',
  commands: [
    {
      name: 'tail-file',
      summary: 'Follow files through their rotations, each line stored once',
      load: async () => (await import('./commands/pipeline-logs-tail-file.ts')).logsTailFile,
    },
    {
      name: 'templates',
      summary: 'Show the shapes of the lines of a file',
      load: async () => (await import('./commands/pipeline-logs-templates.ts')).logsTemplates,
    },
  ],
};
