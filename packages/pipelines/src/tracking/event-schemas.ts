/**
 * Schemas of events, from the registry: the subject `tracking.events-NAME` (Confluent's strategy of topic and record
 * name) says what the `properties` of events of that name look like. NAME is the event's name, or `$page`, `$screen`,
 * `$identify` (its `traits`) and so on for events without one. JSON Schema; the newest version counts. An event whose
 * name has no subject is taken as it is.
 */
import { jsonSchemaChecker, type Registry } from '@millrace/registry';
import type { BadEvent } from './bad/bad-event.ts';
import type { IncomingEvent } from './event.ts';

export type SchemaVerdict = Required<Pick<BadEvent, 'issues' | 'schema'>>;

export interface EventSchemas {
  /** Resolves when the schemas are known. Rejects while they can't be read. */
  ready(): Promise<void>;
  /** What is wrong with an event by its schema; undefined when nothing is, or it has none. */
  judge(event: IncomingEvent): SchemaVerdict | undefined;
}

type Check = ReturnType<typeof jsonSchemaChecker>;

const subjectPrefix = 'tracking.events-';
/** Compiled schemas: as many as an application has events, and then some. */
const rememberedMost = 1_000;

export function registryEventSchemas(registry: Registry): EventSchemas {
  const checks = new Map<number, Check>();
  return {
    ready: async () => void (await registry.state()),
    judge(event) {
      const subject = subjectPrefix + (event.type === 'track' ? (event.event ?? '') : `$${event.type}`);
      const newest = registry.known?.versions(subject).at(-1);
      if (registry.known === undefined || newest === undefined || newest.schemaType !== 'JSON') return undefined;
      const check = checks.get(newest.id) ?? jsonSchemaChecker(registry.known, newest);
      if (checks.size >= rememberedMost) checks.clear();
      checks.set(newest.id, check);
      const field = namesOnly.has(event.type) ? 'traits' : 'properties';
      const mistakes = check(event[field] ?? {});
      if (mistakes.length === 0) return undefined;
      return {
        issues: mistakes.map(({ path, message }) => ({ field: `/${field}${path}`, message })),
        schema: { subject, version: newest.version },
      };
    },
  };
}

/** What these say is in their traits. */
const namesOnly: ReadonlySet<string> = new Set(['identify', 'group', 'alias']);
