/** The fleet's certificate authorities: which one signs, which one follows it, which ones came before. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';

const TimeOrNull = Type.Union([Type.String(), Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Id = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64, description: 'A serial number' }) });
const Body = Type.Object(
  { why: Type.Optional(Type.String({ maxLength: 2_000, description: 'Why, for the audit log' })) },
  { additionalProperties: false },
);
const path = '/api/v1/certificate-authority';

export const AuthorityState = Type.Union([Type.Literal('current'), Type.Literal('next'), Type.Literal('former')], {
  description: '`current` signs; `next` will, when it is activated; `former` did',
});
export type AuthorityState = Static<typeof AuthorityState>;

export const AuthorityView = Type.Object({
  id: Type.String({ description: 'The serial number of its certificate' }),
  state: AuthorityState,
  subject: Type.String(),
  certificate: Type.String({ description: 'PEM' }),
  expiresAt: Type.String(),
  daysLeft: Type.Integer({ description: 'Until it expires' }),
  inUse: Type.Integer({ description: 'Valid certificates of applications that it has signed' }),
});
export type AuthorityView = Static<typeof AuthorityView>;

export const certificateAuthorityContract = defineContract({
  method: 'GET',
  path,
  summary: 'The authority that signs certificates of applications, for clusters to trust',
  response: Type.Object({
    certificate: TextOrNull,
    expiresAt: TimeOrNull,
    daysLeft: Type.Union([Type.Integer(), Type.Null()]),
    bundle: Type.Union([Type.String(), Type.Null()], {
      description: 'All that clusters are to trust, in PEM: the one that signs, the next and former ones',
    }),
    authorities: Type.Array(AuthorityView),
  }),
});

export const makeAuthorityContract = defineContract({
  method: 'POST',
  path: `${path}/next`,
  summary: 'Make the authority that is to follow the one that signs',
  description: 'It signs nothing until it is activated, when all clusters trust it.',
  permission: 'administer',
  body: Body,
  response: AuthorityView,
  status: 201,
  problems: ['conflict'],
});

export const activateAuthorityContract = defineContract({
  method: 'POST',
  path: `${path}/next/activate`,
  summary: 'Have the next authority sign from now on',
  description: 'What the one before has signed stays valid, as long as clusters trust that one, too.',
  permission: 'administer',
  body: Body,
  response: AuthorityView,
  problems: ['conflict'],
});

export const forgetAuthorityContract = defineContract({
  method: 'DELETE',
  path: `${path}/{id}`,
  summary: 'Forget a former authority, or the next one',
  description: 'A former one goes when nothing that it has signed is valid any more.',
  permission: 'administer',
  params: Id,
  response: Type.Object({ id: Type.String() }),
  problems: ['not_found', 'conflict'],
});
