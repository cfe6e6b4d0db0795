/** `/subjects`: registering, looking up, deleting. */
import { defineContract, implement, type Principal, type Route } from '@millrace/api';
import { Type } from 'typebox';
import { notFound, versionAt, versionOf } from '../lookups.ts';
import { formattedSchema } from '../read-schema.ts';
import { decideSubjectDeletion, decideVersionDeletion, readForSubject, sameContent } from '../registrations.ts';
import type { Registry } from '../registry.ts';
import { BareText, registryDialect } from './dialect.ts';
import {
  Flags,
  pageOf,
  SchemaRequest,
  SubjectPath,
  VersionAnswer,
  VersionPath,
  versionAnswer,
  visibilityOf,
} from './message.ts';
import { registerRequest, subjectOf } from './read-request.ts';

const dialect = registryDialect;
const query = Flags;
const ofSubject = { dialect, query, params: SubjectPath } as const;
const ofVersion = { dialect, query, params: VersionPath } as const;

const list = defineContract({
  method: 'GET',
  path: '/subjects',
  summary: 'Names of all subjects',
  dialect,
  query,
  response: Type.Array(Type.String()),
});
const lookUp = defineContract({
  ...ofSubject,
  method: 'POST',
  path: '/subjects/{subject}',
  summary: 'The version of a subject that has a given schema',
  body: SchemaRequest,
  response: VersionAnswer,
});
const remove = defineContract({
  ...ofSubject,
  method: 'DELETE',
  path: '/subjects/{subject}',
  summary: 'Delete a subject: softly, then with `permanent` for good',
  response: Type.Array(Type.Integer()),
});
const versions = defineContract({
  ...ofSubject,
  method: 'GET',
  path: '/subjects/{subject}/versions',
  summary: 'Versions of a subject',
  response: Type.Array(Type.Integer()),
});
const register = defineContract({
  ...ofSubject,
  method: 'POST',
  path: '/subjects/{subject}/versions',
  summary: 'Register a schema, unless the subject has it already',
  body: SchemaRequest,
  response: Type.Object({ id: Type.Integer(), version: Type.Integer(), schema: Type.String() }),
});
const version = defineContract({
  ...ofVersion,
  method: 'GET',
  path: '/subjects/{subject}/versions/{version}',
  summary: 'A version of a subject: its number, or `latest`',
  response: VersionAnswer,
});
const versionText = defineContract({
  ...ofVersion,
  method: 'GET',
  path: '/subjects/{subject}/versions/{version}/schema',
  summary: 'The bare text of a version',
  response: Type.Unknown(),
});
const referencedBy = defineContract({
  ...ofVersion,
  method: 'GET',
  path: '/subjects/{subject}/versions/{version}/referencedby',
  summary: 'Ids of the schemas that refer to a version',
  response: Type.Array(Type.Integer()),
});
const removeVersion = defineContract({
  ...ofVersion,
  method: 'DELETE',
  path: '/subjects/{subject}/versions/{version}',
  summary: 'Delete a version: softly, then with `permanent` for good',
  response: Type.Integer(),
});

export interface Asking {
  /** Throws for who may not register under a subject. Default: nobody. */
  requireRegister?(principal: Principal, subject: string): void;
}

export function subjectRoutes(registry: Registry, asking: Asking): Route[] {
  return [
    implement(list, async ({ query: flags }) => {
      const { subjectPrefix = ':*:' } = flags;
      const subjects = (await registry.state()).subjects(visibilityOf(flags));
      return pageOf(subjects.filter(hasPrefix(subjectPrefix)), flags);
    }),
    implement(lookUp, async ({ params, query: flags, body }) => {
      const state = await registry.state();
      const subject = subjectOf(params);
      const known = state.versions(subject, visibilityOf(flags));
      if (known.length === 0) throw notFound.subject(subject);
      const { text } = readForSubject(state, subject, registerRequest(state, subject, body, flags.normalize));
      const found = sameContent(known, text);
      if (found === undefined) throw notFound.schema();
      return versionAnswer(found);
    }),
    implement(remove, ({ params, query: { permanent = false } }) =>
      registry.write((state) => decideSubjectDeletion(state, subjectOf(params), permanent)),
    ),
    implement(versions, async ({ params, query: flags }) => {
      const subject = subjectOf(params);
      const found = (await registry.state()).versions(subject, visibilityOf(flags));
      if (found.length === 0) throw notFound.subject(subject);
      return pageOf(found, flags).map((each) => each.version);
    }),
    implement(register, async ({ params, query: flags, body, principal }) => {
      const subject = subjectOf(params);
      asking.requireRegister?.(principal, subject);
      const state = await registry.state();
      const request = registerRequest(state, subject, body, flags.normalize);
      const { subject: _, ...answer } = versionAnswer(await registry.register(subject, request));
      return answer;
    }),
    implement(version, async ({ params, query: flags }) => {
      const state = await registry.state();
      const found = versionAt(state, subjectOf(params), versionOf(params.version), visibilityOf(flags));
      return versionAnswer(found, formattedSchema(state, found, flags.format));
    }),
    implement(versionText, async ({ params, query: flags }) => {
      const state = await registry.state();
      const found = versionAt(state, subjectOf(params), versionOf(params.version), visibilityOf(flags));
      return new BareText(formattedSchema(state, found, flags.format));
    }),
    implement(referencedBy, async ({ params, query: flags }) => {
      const state = await registry.state();
      const found = versionAt(state, subjectOf(params), versionOf(params.version), 'present');
      const referrers = state.referrers(found.subject, found.version);
      const shown = referrers.filter(({ deleted }) => !deleted || flags.deleted === true);
      return pageOf([...new Set(shown.map(({ id }) => id))], flags);
    }),
    implement(removeVersion, ({ params, query: { permanent = false } }) =>
      registry.write((state) => decideVersionDeletion(state, subjectOf(params), versionOf(params.version), permanent)),
    ),
  ];
}

/** Which names a prefix lets through; one that begins with `:*:` is about names without their contexts. */
export function hasPrefix(prefix: string): (subject: string) => boolean {
  if (!prefix.startsWith(':*:')) return (subject) => subject.startsWith(prefix);
  const rest = prefix.slice(3);
  return (subject) => subject.replace(/^:\.[^:]*:/, '').startsWith(rest);
}
