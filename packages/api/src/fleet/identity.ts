/** Applications as identities: what they use, what they may, and what they log in with. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { Application } from '../declared/topic.ts';
import { pageOf, pageQuery } from './page.ts';

const Time = Type.String({ description: 'ISO 8601' });
const TimeOrNull = Type.Union([Type.String(), Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Why = Type.String({ maxLength: 2_000, description: 'Why, for the audit log' });
const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });

export const CredentialView = Type.Object(
  {
    id: Type.String(),
    kind: Type.Union([Type.Literal('scram'), Type.Literal('certificate')]),
    principal: Type.String({ description: 'Who it is to clusters: `User:orders.a`' }),
    clusters: Type.Array(Type.String()),
    state: Type.Union(
      [
        Type.Literal('valid'),
        Type.Literal('undelivered'),
        Type.Literal('expired'),
        Type.Literal('retired'),
        Type.Literal('revoked'),
        Type.Literal('replaced'),
      ],
      { description: '`undelivered`: nobody was told its secret, so it can be issued again' },
    ),
    issuedAt: Time,
    issuedBy: Type.String(),
    operation: Type.String({ description: 'That issued it' }),
    confirmedAt: TimeOrNull,
    endedAt: TimeOrNull,
    expiresAt: TimeOrNull,
    daysLeft: Type.Union([Type.Integer(), Type.Null()], { description: 'Until it expires; null: it does not' }),
    certificate: Type.Optional(Type.String({ description: 'PEM' })),
    sealed: Type.Optional(
      Type.String({ description: "JWE (compact) that the application's own key opens; told to its team alone" }),
    ),
  },
  { description: 'What an application logs in with; never the secret itself' },
);
export type CredentialView = Static<typeof CredentialView>;

/** What is shown once. */
export const IssuedSecret = Type.Union([
  Type.Object({
    kind: Type.Literal('scram'),
    username: Type.String(),
    password: Type.String(),
    mechanism: Type.String({ description: 'SCRAM-SHA-512' }),
    clusters: Type.Array(Type.String()),
  }),
  Type.Object({
    kind: Type.Literal('certificate'),
    certificate: Type.String({ description: 'PEM' }),
    privateKey: Type.String({ description: 'PEM (PKCS#8)' }),
    authority: Type.String({ description: 'PEM: who has signed it' }),
  }),
]);
export type IssuedSecret = Static<typeof IssuedSecret>;

export const IssueAnswer = Type.Object({
  operation: Type.String(),
  credential: CredentialView,
  secret: Type.Optional(IssuedSecret),
});
export type IssueAnswer = Static<typeof IssueAnswer>;

export const ApplicationItem = Type.Object({
  name: Type.String(),
  team: Type.String(),
  description: TextOrNull,
  clusters: Type.Array(Type.String()),
  topics: Type.Integer({ description: 'Uses of topics that are declared' }),
  credentials: Type.Integer({ description: 'Valid ones' }),
  shutOut: Type.Array(Type.String(), { description: 'Principals that are denied everything somewhere' }),
  expiresAt: TimeOrNull,
  findings: Type.Integer(),
});
export type ApplicationItem = Static<typeof ApplicationItem>;

export const listApplicationsContract = defineContract({
  method: 'GET',
  path: '/api/v1/applications',
  summary: 'Applications, by name',
  query: Type.Object({
    q: Type.Optional(Type.String({ maxLength: 200, description: 'Only those whose name holds this' })),
    team: Type.Optional(Type.String({ description: 'Only of this team' })),
    cluster: Type.Optional(Type.String({ description: 'Only those that use this cluster' })),
    ...pageQuery,
  }),
  response: pageOf(ApplicationItem),
});

export const ApplicationDetail = Type.Object({
  ...ApplicationItem.properties,
  declared: Application,
  principals: Type.Array(Type.String()),
  acls: Type.Array(Type.Object({ cluster: Type.String(), text: Type.String(), because: Type.Array(Type.String()) }), {
    description: 'What follows from what it uses',
  }),
  observed: Type.Array(
    Type.Object({
      cluster: Type.String(),
      topic: Type.String(),
      role: Type.String(),
      source: Type.String(),
      lastSeenAt: Time,
    }),
    { description: 'What it was seen to use, and by what that is told' },
  ),
  credentialList: Type.Array(CredentialView),
  allowed: Type.Array(Type.String(), { description: 'What the caller may do: issue, rotate, revoke' }),
});
export type ApplicationDetail = Static<typeof ApplicationDetail>;

export const getApplicationContract = defineContract({
  method: 'GET',
  path: '/api/v1/applications/{name}',
  summary: 'An application: what it uses, what it may, what it logs in with',
  params: Name,
  response: ApplicationDetail,
  problems: ['not_found'],
});

export const listCredentialsContract = defineContract({
  method: 'GET',
  path: '/api/v1/applications/{name}/credentials',
  summary: 'What an application logs in with, newest first',
  description: 'Secrets are never among it, but sealed to the key of an application that has one.',
  params: Name,
  response: Type.Object({ items: Type.Array(CredentialView) }),
  problems: ['not_found'],
});

export const issueCredentialContract = defineContract({
  method: 'POST',
  path: '/api/v1/applications/{name}/credentials',
  summary: 'Issue what an application logs in with',
  description:
    'The answer shows the secret, this once; where the application has declared a public key, it is sealed to that ' +
    'instead. A certificate for a key of the application itself takes a request (PKCS#10), and has no secret.',
  permission: 'change',
  params: Name,
  body: Type.Object(
    {
      kind: Type.Optional(
        Type.Union([Type.Literal('scram'), Type.Literal('certificate')], { description: 'Default scram' }),
      ),
      request: Type.Optional(Type.String({ maxLength: 20_000, description: 'Of a certificate: PKCS#10 in PEM' })),
      days: Type.Optional(Type.Integer({ minimum: 1, maximum: 825, description: 'Of a certificate; default 90' })),
      why: Type.Optional(Why),
    },
    { additionalProperties: false },
  ),
  response: IssueAnswer,
  status: 201,
  problems: ['not_found', 'forbidden', 'conflict', 'invalid_request', 'unavailable'],
});

export const rotateCredentialContract = defineContract({
  method: 'POST',
  path: '/api/v1/applications/{name}/credentials/rotate',
  summary: 'Replace the password of an application while it runs',
  description:
    'The application has two users with equal rights; the other one is issued a password, which the answer shows ' +
    'this once. Both are valid until the application is said to use the new one (`confirm`); then the old one is ' +
    'denied and deleted.',
  permission: 'change',
  params: Name,
  body: Type.Object(
    {
      graceSeconds: Type.Optional(
        Type.Number({ minimum: 0, maximum: 31_622_400, description: 'After that the old one goes all the same' }),
      ),
      why: Type.Optional(Why),
    },
    { additionalProperties: false },
  ),
  response: IssueAnswer,
  status: 201,
  problems: ['not_found', 'forbidden', 'conflict', 'unavailable'],
});

export const confirmCredentialContract = defineContract({
  method: 'POST',
  path: '/api/v1/applications/{name}/credentials/{id}/confirm',
  summary: 'Say that an application uses a credential, and no older one',
  permission: 'change',
  params: Type.Object({ ...Name.properties, id: Type.String({ minLength: 1, maxLength: 64 }) }),
  body: Type.Object({ why: Type.Optional(Why) }, { additionalProperties: false }),
  response: CredentialView,
  problems: ['not_found', 'forbidden', 'conflict'],
});

export const revokeCredentialsContract = defineContract({
  method: 'POST',
  path: '/api/v1/applications/{name}/credentials/revoke',
  summary: 'Shut an application out at once',
  description:
    'Its principals are denied everything, connections that are open included; then their passwords are deleted. ' +
    'What was denied is allowed again when the principal is issued a password.',
  permission: 'change',
  params: Name,
  body: Type.Object(
    {
      principals: Type.Optional(
        Type.Array(Type.String(), { minItems: 1, maxItems: 100, description: 'Only these; default all that it has' }),
      ),
      why: Type.Optional(Why),
    },
    { additionalProperties: false },
  ),
  response: Type.Object({ operation: Type.String() }),
  status: 202,
  problems: ['not_found', 'forbidden', 'invalid_request'],
});
