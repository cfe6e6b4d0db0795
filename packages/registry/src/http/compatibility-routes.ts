/** `/compatibility`: whether a schema could be registered, without doing so. */
import { defineContract, implement, type Route } from '@millrace/api';
import { Type } from 'typebox';
import { versionAt, versionOf } from '../lookups.ts';
import { readSchema } from '../read-schema.ts';
import { compatibilityMessages } from '../registrations.ts';
import type { Registry } from '../registry.ts';
import { compatibilityOf } from '../settings.ts';
import type { RegisteredSchema, RegistryState } from '../state/registry-state.ts';
import { registryDialect } from './dialect.ts';
import { Flags, SchemaRequest, SubjectPath, VersionPath } from './message.ts';
import { registerRequest, subjectOf } from './read-request.ts';

const Verdict = Type.Object({ is_compatible: Type.Boolean(), messages: Type.Optional(Type.Array(Type.String())) });

const asked = {
  method: 'POST',
  dialect: registryDialect,
  query: Flags,
  body: SchemaRequest,
  response: Verdict,
} as const;

const withVersion = defineContract({
  ...asked,
  path: '/compatibility/subjects/{subject}/versions/{version}',
  params: VersionPath,
  summary: 'Whether a schema goes with a version of a subject',
});
const withSubject = defineContract({
  ...asked,
  path: '/compatibility/subjects/{subject}/versions',
  params: SubjectPath,
  summary: 'Whether a schema goes with all the versions that its subject asks about',
});

export function compatibilityRoutes(registry: Registry): Route[] {
  return [
    implement(withVersion, async ({ params, query, body }) => {
      const state = await registry.state();
      const subject = subjectOf(params);
      const at = versionOf(params.version);
      const isFirst = at === 'latest' && state.versions(subject).length === 0;
      return judge(state, subject, body, query, isFirst ? [] : [versionAt(state, subject, at, 'present')]);
    }),
    implement(withSubject, async ({ params, query, body }) => {
      const state = await registry.state();
      const subject = subjectOf(params);
      return judge(state, subject, body, query, state.versions(subject));
    }),
  ];
}

function judge(
  state: RegistryState,
  subject: string,
  body: SchemaRequest,
  { verbose = false, normalize = false }: Flags,
  earlier: readonly RegisteredSchema[],
) {
  const parsed = readSchema(state, registerRequest(state, subject, body, normalize));
  const messages = compatibilityMessages(state, parsed, earlier, compatibilityOf(state, subject));
  return { is_compatible: messages.length === 0, ...(verbose && { messages }) };
}
