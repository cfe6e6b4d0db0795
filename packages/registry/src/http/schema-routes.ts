/** `/schemas` and `/contexts`: what is found by id, and lists over all subjects. */
import { defineContract, implement, type Route } from '@millrace/api';
import { Type } from 'typebox';
import { notFound } from '../lookups.ts';
import { formattedSchema } from '../read-schema.ts';
import type { Registry } from '../registry.ts';
import { schemaTypes } from '../schema.ts';
import type { RegisteredSchema, RegistryState } from '../state/registry-state.ts';
import { subjectName } from '../subject-name.ts';
import { BareText, registryDialect } from './dialect.ts';
import {
  Flags,
  IdPath,
  pageOf,
  SchemaAnswer,
  schemaAnswer,
  VersionAnswer,
  versionAnswer,
  visibilityOf,
} from './message.ts';
import { hasPrefix } from './subject-routes.ts';

const dialect = registryDialect;
const ofId = { dialect, method: 'GET', query: Flags, params: IdPath } as const;
const listing = { dialect, method: 'GET', query: Flags } as const;

const byId = defineContract({
  ...ofId,
  path: '/schemas/ids/{id}',
  summary: 'The schema that an id stands for',
  response: SchemaAnswer,
});
const textById = defineContract({
  ...ofId,
  path: '/schemas/ids/{id}/schema',
  summary: 'The bare text of the schema that an id stands for',
  response: Type.Unknown(),
});
const subjectsOfId = defineContract({
  ...ofId,
  path: '/schemas/ids/{id}/subjects',
  summary: 'Subjects that have the schema',
  response: Type.Array(Type.String()),
});
const versionsOfId = defineContract({
  ...ofId,
  path: '/schemas/ids/{id}/versions',
  summary: 'Versions that have the schema',
  response: Type.Array(Type.Object({ subject: Type.String(), version: Type.Integer() })),
});
const types = defineContract({
  ...listing,
  path: '/schemas/types',
  summary: 'Types of schemas that are known here',
  response: Type.Array(Type.String()),
});
const schemas = defineContract({
  ...listing,
  path: '/schemas',
  summary: 'All versions of all subjects',
  response: Type.Array(VersionAnswer),
});
const contexts = defineContract({
  ...listing,
  path: '/contexts',
  summary: 'All contexts',
  response: Type.Array(Type.String()),
});
const root = defineContract({ ...listing, path: '/', summary: 'Whether it answers', response: Type.Object({}) });

export function schemaRoutes(registry: Registry): Route[] {
  return [
    implement(byId, async ({ params, query: flags }) => {
      const state = await registry.state();
      const found = withId(state, params.id, flags);
      const answer = schemaAnswer(found, formattedSchema(state, found, flags.format));
      return { ...answer, ...(flags.fetchMaxId === true && { maxId: state.highestId }) };
    }),
    implement(textById, async ({ params, query: flags }) => {
      const state = await registry.state();
      return new BareText(formattedSchema(state, withId(state, params.id, flags), flags.format));
    }),
    implement(subjectsOfId, async ({ params, query: flags }) => {
      const found = usesOf(await registry.state(), params.id, flags);
      return pageOf([...new Set(found.map(({ subject }) => subject))], flags);
    }),
    implement(versionsOfId, async ({ params, query: flags }) => {
      const found = usesOf(await registry.state(), params.id, flags);
      return pageOf(found, flags).map(({ subject, version }) => ({ subject, version }));
    }),
    implement(types, () => [...schemaTypes]),
    implement(schemas, async ({ query: flags }) => {
      const state = await registry.state();
      const visibility = visibilityOf(flags);
      const subjects = state.subjects(visibility).filter(hasPrefix(flags.subjectPrefix ?? ':*:'));
      const versions = subjects.flatMap((subject) => {
        const all = state.versions(subject, visibility);
        return flags.latestOnly === true ? all.slice(-1) : all;
      });
      return pageOf(versions, flags).map((each) => versionAnswer(each));
    }),
    implement(contexts, async ({ query: flags }) => pageOf((await registry.state()).contexts(), flags)),
    implement(root, () => ({})),
  ];
}

/** The version that speaks for an id: one of the context that is asked for, if there is any, and a present one. */
function withId(state: RegistryState, id: number, { subject }: Flags): RegisteredSchema {
  const all = state.withId(id);
  const { context } = subjectName(subject ?? '');
  const near = all.filter((each) => subjectName(each.subject).context === context);
  const candidates = near.length > 0 ? near : all;
  const found = candidates.find(({ deleted }) => !deleted) ?? candidates[0];
  if (found === undefined) throw notFound.schema(id);
  return found;
}

function usesOf(state: RegistryState, id: number, flags: Flags): RegisteredSchema[] {
  const all = state.withId(id);
  if (all.length === 0) throw notFound.schema(id);
  const { subject } = flags;
  return all.filter((each) => {
    if (each.deleted && flags.deleted !== true) return false;
    return subject === undefined || each.subject === subject;
  });
}
