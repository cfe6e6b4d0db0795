/** The audit log: who changed what, and whether the log is as it was written. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { pageOf, pageQuery } from './page.ts';

const TextOrNull = Type.Union([Type.String(), Type.Null()]);

export const AuditEntry = Type.Object({
  seq: Type.Integer({ minimum: 1 }),
  at: Type.String({ description: 'ISO 8601' }),
  principal: Type.String({ description: '`user:ann`' }),
  action: Type.String({ description: '`declared.created`, `operation.applied`, and so on' }),
  kind: TextOrNull,
  id: TextOrNull,
  before: Type.Unknown(),
  after: Type.Unknown(),
  why: Type.String(),
  operation: TextOrNull,
  digest: Type.String({ description: 'SHA-256 of all this and of the digest before, in hexadecimal' }),
});
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditVerification = Type.Object({
  entries: Type.Integer({ minimum: 0, description: 'How many there are' }),
  head: Type.Object({ seq: Type.Integer({ minimum: 0 }), digest: Type.String() }),
  intact: Type.Boolean({ description: 'Every digest follows from its entry and the one before, and anchors agree' }),
  first: Type.Union([Type.Object({ seq: Type.Integer({ minimum: 1 }), problem: Type.String() }), Type.Null()], {
    description: 'The first entry that is not as it was written',
  }),
  anchors: Type.Object({
    compared: Type.Integer({ minimum: 0, description: 'Digests that were written down on clusters' }),
    newest: Type.Integer({ minimum: 0, description: 'The entry of the newest; 0: there is none' }),
    clusters: Type.Array(Type.String(), { description: 'Where they were found' }),
    unreachable: Type.Array(Type.Object({ cluster: Type.String(), problem: Type.String() })),
  }),
});
export type AuditVerification = Static<typeof AuditVerification>;

export const listAuditContract = defineContract({
  method: 'GET',
  path: '/api/v1/audit',
  summary: 'Who changed what, newest first',
  query: Type.Object({
    kind: Type.Optional(Type.String({ description: 'Only of things of this kind' })),
    id: Type.Optional(Type.String({ description: 'Only of the one with this id' })),
    principal: Type.Optional(Type.String({ description: 'Only what they did: `user:ann`' })),
    action: Type.Optional(Type.String({ description: 'Only this; with a * at the end, all that begin so' })),
    operation: Type.Optional(Type.String({ description: 'Only what this operation did' })),
    from: Type.Optional(Type.String({ format: 'date-time', description: 'Not before' })),
    until: Type.Optional(Type.String({ format: 'date-time', description: 'Before' })),
    ...pageQuery,
  }),
  response: pageOf(AuditEntry),
});

export const verifyAuditContract = defineContract({
  method: 'GET',
  path: '/api/v1/audit/verification',
  summary: 'Whether the audit log is as it was written',
  description: 'Reads all of it, and compares it with the digests that were written down on clusters.',
  permission: 'administer',
  response: AuditVerification,
});
