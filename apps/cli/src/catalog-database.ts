/** The catalog's commands about PostgreSQL databases of others. */
import type { CatalogEntry } from './catalog.ts';

export const databaseCatalog: readonly CatalogEntry[] = [
  {
    name: 'schema',
    summary: 'Check changes to a PostgreSQL schema, and make them without downtime',
    commands: [
      {
        name: 'lint',
        summary: 'Check changes to a PostgreSQL schema before they run',
        load: async () => (await import('./commands/schema-lint.ts')).schemaLint,
      },
      {
        name: 'plan',
        summary: 'Take changes to a PostgreSQL schema apart into safe steps',
        load: async () => (await import('./commands/schema-plan.ts')).schemaPlan,
      },
      {
        name: 'apply',
        summary: 'Change a PostgreSQL schema without downtime',
        load: async () => (await import('./commands/schema-apply.ts')).schemaApply,
      },
      {
        name: 'versions',
        summary: 'List the versions of a PostgreSQL schema that code runs on side by side',
        load: async () => (await import('./commands/schema-versions.ts')).schemaVersions,
      },
      {
        name: 'drop-version',
        summary: 'Drop a version of a PostgreSQL schema that no code uses any more',
        load: async () => (await import('./commands/schema-drop-version.ts')).schemaDropVersion,
      },
    ],
  },
  {
    name: 'sync',
    summary: 'Capture changes of PostgreSQL databases, and apply them to others',
    commands: [
      {
        name: 'capture',
        summary: "Capture a PostgreSQL database's changes into topics, exactly once",
        load: async () => (await import('./commands/sync-capture.ts')).syncCapture,
      },
      {
        name: 'apply',
        summary: 'Apply topics of change events to another PostgreSQL, exactly once',
        load: async () => (await import('./commands/sync-apply.ts')).syncApply,
      },
      {
        name: 'status',
        summary: 'Show how far an applier is',
        load: async () => (await import('./commands/sync-status.ts')).syncStatus,
      },
      {
        name: 'verify',
        summary: 'Compare two PostgreSQL databases row by row, while both are written to',
        load: async () => (await import('./commands/sync-verify.ts')).syncVerify,
      },
      {
        name: 'drop',
        summary: 'Remove what a capture has at its source: its slot and publication',
        load: async () => (await import('./commands/sync-drop.ts')).syncDrop,
      },
      {
        name: 'snapshot',
        summary: 'Ask a capture to read the rows of tables again while it streams',
        load: async () => (await import('./commands/sync-snapshot.ts')).syncSnapshot,
      },
    ],
  },
];
