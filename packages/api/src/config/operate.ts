/** The config service for people: answers explained, enrolments, and its signing keys. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { Role } from '../declared/topic.ts';
import { ConfigAnswer } from './answer.ts';
import { ConfigView } from './ask.ts';
import { ConfigKeySet } from './signed-answer.ts';

const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });
const Why = Type.String({ minLength: 1, maxLength: 1000, description: 'For the audit log' });
const Time = Type.String({ description: 'ISO 8601' });

/** What an application is given once, and then needs nothing else. */
export const ConfigEnrolment = Type.Object(
  {
    format: Type.Literal(1),
    application: Type.String({ minLength: 1 }),
    services: Type.Array(Type.String({ pattern: '^https?://' }), { minItems: 1, description: 'Any of them answers' }),
    token: Type.String({ pattern: '^mra_', description: 'A secret: the file that holds it has mode 0600' }),
    keys: ConfigKeySet,
  },
  { description: 'Where the config service is, who asks, and whose answers to trust' },
);
export type ConfigEnrolment = Static<typeof ConfigEnrolment>;

export const EnrolmentView = Type.Object({
  id: Type.String(),
  application: Type.String(),
  createdAt: Time,
  createdBy: Type.String(),
  lastUsedAt: Type.Union([Type.String(), Type.Null()], { description: 'To within a minute or so' }),
  endedAt: Type.Union([Type.String(), Type.Null()], { description: 'By itself, or with its application' }),
});
export type EnrolmentView = Static<typeof EnrolmentView>;

export const configExplainContract = defineContract({
  method: 'GET',
  path: '/api/v1/config/explain',
  summary: 'What an application would be answered, and why; unsigned and without secrets',
  query: Type.Object({
    application: Type.String({ minLength: 1 }),
    topic: Type.String({ minLength: 1 }),
    role: Role,
    site: Type.Optional(Type.String()),
  }),
  response: Type.Object({ view: ConfigView, answer: ConfigAnswer }),
  problems: ['not_found', 'conflict'],
});

export const enrolApplicationContract = defineContract({
  method: 'POST',
  path: '/api/v1/applications/{name}/enrolments',
  summary: 'Enrol an application: what its clients begin with',
  description:
    'The answer shows the token, this once. From now on passwords of the application are kept, sealed under the key ' +
    'of the control plane, so that its instances can be given them.',
  permission: 'change',
  params: Name,
  body: Type.Object(
    {
      services: Type.Optional(
        Type.Array(Type.String({ pattern: '^https?://' }), {
          minItems: 1,
          maxItems: 20,
          description: 'Under which its instances reach the service; default as this request does',
        }),
      ),
      why: Type.Optional(Why),
    },
    { additionalProperties: false },
  ),
  response: Type.Object({ id: Type.String(), enrolment: ConfigEnrolment }),
  status: 201,
  problems: ['not_found', 'forbidden', 'unavailable'],
});

export const listEnrolmentsContract = defineContract({
  method: 'GET',
  path: '/api/v1/applications/{name}/enrolments',
  summary: 'The enrolments of an application, newest first; never their tokens',
  params: Name,
  response: Type.Object({ items: Type.Array(EnrolmentView) }),
  problems: ['not_found'],
});

export const endEnrolmentContract = defineContract({
  method: 'DELETE',
  path: '/api/v1/applications/{name}/enrolments/{id}',
  summary: 'End an enrolment: its token is refused within a second or so',
  permission: 'change',
  params: Type.Object({ ...Name.properties, id: Type.String({ minLength: 1, maxLength: 64 }) }),
  query: Type.Object({ why: Type.Optional(Why) }),
  response: EnrolmentView,
  problems: ['not_found', 'forbidden'],
});

export const rotateConfigKeysContract = defineContract({
  method: 'POST',
  path: '/api/v1/config/keys/rotate',
  summary: 'Sign answers with the next key, and announce another after it',
  description:
    'Clients follow by themselves. What keys before have signed stays trusted until it expires, ' +
    'unless `dropOld` is true.',
  permission: 'administer',
  body: Type.Object(
    {
      why: Type.Optional(Why),
      dropOld: Type.Optional(Type.Boolean({ description: 'No key that signed before is trusted any more' })),
      afterRestore: Type.Optional(
        Type.Boolean({
          description: 'The database was set back: versions step over all that clients may have seen since',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  response: Type.Object({ keys: ConfigKeySet, signingKid: Type.String() }),
  problems: ['unavailable'],
});
