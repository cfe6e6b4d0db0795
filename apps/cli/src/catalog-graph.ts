/** The catalog's commands about graphs. */
import type { CatalogGroup } from './catalog.ts';

export const graphCatalog: CatalogGroup = {
  name: 'graph',
  summary: 'Load, query and export graphs',
  commands: [
    {
      name: 'load',
      summary: 'Load vertices and edges from a file',
      load: async () => (await import('./commands/graph-load.ts')).graphLoad,
    },
    {
      name: 'query',
      summary: "Find things in a graph by Gremlin's steps",
      load: async () => (await import('./commands/graph-query.ts')).graphQuery,
    },
    {
      name: 'export',
      summary: 'Print a graph as JSON lines, CSV or GraphML',
      load: async () => (await import('./commands/graph-export.ts')).graphExport,
    },
  ],
};
