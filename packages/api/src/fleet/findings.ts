/** What is not as it should be with access, and what is not encrypted. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { pageOf, pageQuery } from './page.ts';

const TimeOrNull = Type.Union([Type.String(), Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);

export const FindingKind = Type.Union([
  Type.Literal('undeclared_acl'),
  Type.Literal('missing_acl'),
  Type.Literal('shadowed_acl'),
  Type.Literal('duplicate_acl'),
  Type.Literal('unused_grant'),
  Type.Literal('narrower_grant'),
  Type.Literal('missing_credential'),
  Type.Literal('undeclared_credential'),
  Type.Literal('undelivered_credential'),
  Type.Literal('rotation_unfinished'),
  Type.Literal('certificate_expiring'),
  Type.Literal('plaintext_listener'),
  Type.Literal('anonymous_access'),
  Type.Literal('no_authorizer'),
]);
export type FindingKind = Static<typeof FindingKind>;

export const Finding = Type.Object(
  {
    id: Type.String({ description: 'The same as long as it is there' }),
    kind: FindingKind,
    severity: Type.Union([Type.Literal('high'), Type.Literal('medium'), Type.Literal('low')]),
    cluster: TextOrNull,
    application: TextOrNull,
    team: TextOrNull,
    principal: TextOrNull,
    text: Type.String({ description: 'What is so, and why that is known' }),
    advice: Type.String({ description: 'What to do about it' }),
    observedAt: TimeOrNull,
    stale: Type.Boolean({ description: 'The cluster could not be asked since' }),
  },
  { description: 'Something about access that is not as it should be' },
);
export type Finding = Static<typeof Finding>;

/** What can be known of encryption on a cluster, or of an application there. */
export const Encryption = Type.Union([
  Type.Literal('encrypted'),
  Type.Literal('plaintext'),
  Type.Literal('mixed'),
  Type.Literal('unknown'),
]);
export type Encryption = Static<typeof Encryption>;

export const EncryptionView = Type.Object({
  cluster: Type.String(),
  observedAt: TimeOrNull,
  stale: Type.Boolean(),
  listeners: Type.Array(
    Type.Object({
      name: Type.String(),
      protocol: Type.String({ description: 'PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL' }),
      brokers: Type.Array(Type.Integer()),
      encrypted: Type.Boolean(),
      authenticated: Type.Union([Type.Boolean(), Type.Null()], { description: 'Null: it depends on the client' }),
    }),
  ),
  applications: Type.Array(
    Type.Object({
      name: Type.String(),
      encryption: Encryption,
      because: Type.String({ description: 'How that is known, or why it is not' }),
    }),
  ),
  problem: TextOrNull,
});
export type EncryptionView = Static<typeof EncryptionView>;

export const listFindingsContract = defineContract({
  method: 'GET',
  path: '/api/v1/findings',
  summary: 'What is not as it should be with access, worst first',
  query: Type.Object({
    kind: Type.Optional(Type.String({ description: 'Only these kinds, separated by commas' })),
    severity: Type.Optional(Type.String({ description: 'Likewise' })),
    cluster: Type.Optional(Type.String({ description: 'Only of this cluster' })),
    application: Type.Optional(Type.String({ description: 'Only of this application' })),
    team: Type.Optional(Type.String({ description: 'Only of applications of this team' })),
    ...pageQuery,
  }),
  response: pageOf(Finding),
});

export const encryptionContract = defineContract({
  method: 'GET',
  path: '/api/v1/encryption',
  summary: 'Which clusters and applications still speak in plaintext, as far as that can be known',
  query: Type.Object({ cluster: Type.Optional(Type.String({ description: 'Only this cluster' })) }),
  response: Type.Object({ items: Type.Array(EncryptionView) }),
});
