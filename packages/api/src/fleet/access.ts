/** Who one is to the control plane, what one may do there, and how one shows it: tokens, sessions, logins. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { Permission, Principal, RoleName } from '../principal.ts';
import { pageQuery } from './page.ts';

const closed = { additionalProperties: false } as const;

export const Me = Type.Object({
  principal: Principal,
  permissions: Type.Array(Permission, { description: 'What they may do somewhere, from least to most' }),
  anonymous: Type.Boolean({ description: 'Nobody said who they are' }),
  login: Type.Union([Type.Literal('provider'), Type.Literal('token')], {
    description: '`provider`: GET /api/v1/login leads to it; `token`: with a token alone',
  }),
});
export type Me = Static<typeof Me>;

export const meContract = defineContract({
  method: 'GET',
  path: '/api/v1/me',
  summary: 'Who asks, and what they may do',
  response: Me,
});

const ObjectName = Type.Object(
  {
    kind: Type.String({ maxLength: 40, description: 'A kind of what is declared, or `group`' }),
    id: Type.String({ maxLength: 600, description: 'Of a group: CLUSTER/GROUP' }),
  },
  closed,
);

export const AllowedAnswer = Type.Object({
  objects: Type.Array(
    Type.Object({
      kind: Type.String(),
      id: Type.String(),
      team: Type.Union([Type.String(), Type.Null()], { description: 'Whose it is' }),
      allowed: Type.Array(Permission),
    }),
  ),
});
export type AllowedAnswer = Static<typeof AllowedAnswer>;

export const allowedContract = defineContract({
  method: 'POST',
  path: '/api/v1/me/allowed',
  summary: 'What whoever asks may do to each of many objects',
  permission: 'view',
  body: Type.Object({ objects: Type.Array(ObjectName, { maxItems: 1_000 }) }, closed),
  response: AllowedAnswer,
});

const TokenName = Type.String({ minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9][A-Za-z0-9._@-]*$' });
const Time = Type.String({ format: 'date-time' });

export const Token = Type.Object({
  name: Type.String(),
  owner: Type.String({ description: 'Whose rights bound it: user:NAME, or system:installation' }),
  role: RoleName,
  teams: Principal.properties.teams,
  createdAt: Time,
  expiresAt: Time,
  lastUsedAt: Type.Union([Time, Type.Null()]),
  state: Type.Union([Type.Literal('valid'), Type.Literal('expired'), Type.Literal('revoked')]),
});
export type Token = Static<typeof Token>;

export const tokensContract = defineContract({
  method: 'GET',
  path: '/api/v1/tokens',
  summary: "One's tokens; an admin's view has everybody's. Secrets are never shown again",
  query: Type.Object(pageQuery),
  response: Type.Object({
    tokens: Type.Array(Token, { description: 'Newest first' }),
    next: Type.Union([Type.String(), Type.Null()], { description: 'Where the next page begins; null: nowhere' }),
  }),
});

export const createTokenContract = defineContract({
  method: 'POST',
  path: '/api/v1/tokens',
  summary: 'Make a token; its secret is in this answer and never shown again',
  permission: 'view',
  body: Type.Object(
    {
      name: TokenName,
      role: RoleName,
      teams: Type.Optional(
        Type.Array(Type.String({ maxLength: 100 }), {
          maxItems: 100,
          uniqueItems: true,
          description: 'For which the role `member` or `owner` holds',
        }),
      ),
      expiresInDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 366, description: 'Default 90' })),
    },
    closed,
  ),
  response: Type.Object({ token: Token, secret: Type.String() }),
  status: 201,
  problems: ['conflict'],
});

export const revokeTokenContract = defineContract({
  method: 'DELETE',
  path: '/api/v1/tokens/{name}',
  summary: 'Revoke a token, with those that were made with it',
  permission: 'view',
  params: Type.Object({ name: Type.String({ maxLength: 100 }) }),
  response: Token,
  problems: ['not_found'],
});

export const openSessionContract = defineContract({
  method: 'POST',
  path: '/api/v1/session',
  summary: 'Open a session of a browser with a token, as a cookie that scripts can not read',
  permission: 'view',
  kind: 'page',
  response: Type.Unknown(),
});

export const closeSessionContract = defineContract({
  method: 'DELETE',
  path: '/api/v1/session',
  summary: "End the browser's session",
  permission: 'view',
  kind: 'page',
  response: Type.Object({
    providerLogout: Type.Union([Type.String(), Type.Null()], { description: "Where the provider's own session ends" }),
  }),
});

export const loginContract = defineContract({
  method: 'GET',
  path: '/api/v1/login',
  summary: 'Begin a login: sends the browser on to the login provider',
  permission: 'public',
  kind: 'page',
  query: Type.Object({
    returnTo: Type.Optional(Type.String({ maxLength: 2_000, description: 'A path of this server; default /' })),
    port: Type.Optional(
      Type.Integer({ minimum: 1024, maximum: 65_535, description: 'Of the command on this machine that logs in' }),
    ),
    challenge: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: "SHA-256 of that command's verifier, in base64url" }),
    ),
  }),
  response: Type.Unknown(),
  problems: ['not_found', 'unavailable'],
});

export const loginCallbackContract = defineContract({
  method: 'GET',
  path: '/api/v1/login/callback',
  summary: 'Where the login provider sends the browser back to',
  permission: 'public',
  kind: 'page',
  query: Type.Object({
    state: Type.Optional(Type.String({ maxLength: 200 })),
    code: Type.Optional(Type.String({ maxLength: 4_000 })),
    iss: Type.Optional(Type.String({ maxLength: 1_000 })),
    error: Type.Optional(Type.String({ maxLength: 200 })),
    error_description: Type.Optional(Type.String({ maxLength: 4_000 })),
  }),
  response: Type.Unknown(),
  problems: ['forbidden', 'not_found', 'unavailable'],
});

export const loginTokenContract = defineContract({
  method: 'POST',
  path: '/api/v1/login/token',
  summary: 'A token for the command that began a login',
  permission: 'public',
  body: Type.Object(
    {
      code: Type.String({ maxLength: 100 }),
      verifier: Type.String({ minLength: 43, maxLength: 128 }),
      name: Type.Optional(TokenName),
    },
    closed,
  ),
  response: Type.Object({ token: Token, secret: Type.String() }),
  problems: ['forbidden'],
});
