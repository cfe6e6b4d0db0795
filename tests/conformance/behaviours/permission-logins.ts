/** Logging in by raw requests: the order of requests, mechanisms that there are not, and sessions. */
import { tokenOf } from '@millrace/client/testing/unsigned-token';
import {
  apiVersions,
  encodeOauthBearer,
  encodePlain,
  listGroups,
  metadata,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/wire';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import { comparable, errorName, RawConnection } from '../matrix/raw-connection.ts';
import type { Scope } from '../matrix/scope.ts';

/** A connection on which nobody has logged in. */
async function unknown(place: Place, scope: Scope): Promise<RawConnection> {
  const connection = await RawConnection.connect(place.bootstrap('SASL_PLAINTEXT').split(',')[0] ?? '');
  scope.defer(() => connection[Symbol.dispose]());
  return connection;
}

/** What was answered, or that the connection was closed. */
async function fate(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error.name : error;
  }
}

const plain = (username: string, password = `${username}-secret`) => encodePlain({ username, password });

/** The name of the error and its sentence, or that the connection was closed. */
function outcomeOf(answer: unknown): unknown[] {
  if (typeof answer !== 'object' || answer === null) return [answer];
  const { errorCode, errorMessage } = answer as { errorCode: number; errorMessage?: string | null };
  return [errorName(errorCode), errorMessage].filter(Boolean);
}

const refusedBy = (sentence: string) => ['SASL_AUTHENTICATION_FAILED', sentence, 'ConnectionClosedError'];
const onlySentence = refusedBy('Authentication failed: Invalid username or password');
const malformed = {
  embedded: {
    'no user': onlySentence,
    'no password': onlySentence,
    'bytes that are none': onlySentence,
    'another identity than the user': onlySentence,
  },
  kafka: {
    'no user': refusedBy('Authentication failed: username not specified'),
    'no password': refusedBy('Authentication failed: password not specified'),
    'bytes that are none': refusedBy('Invalid SASL/PLAIN response: expected 3 tokens, got 1'),
    'another identity than the user': refusedBy(
      'Authentication failed: Client requested an authorization id that is different from username',
    ),
  },
};

export const permissionLogins: readonly Behaviour[] = [
  {
    name: 'a mechanism that there is not is refused with those that there are, and the connection closed',
    apis: ['SaslHandshake', 'ApiVersions'],
    profile: 'secured',
    shows: {
      'version 0': [
        true,
        'UNSUPPORTED_SASL_MECHANISM',
        ['OAUTHBEARER', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
        'ConnectionClosedError',
      ],
      'version 1': [
        true,
        'UNSUPPORTED_SASL_MECHANISM',
        ['OAUTHBEARER', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
        'ConnectionClosedError',
      ],
    },
    by: {
      millrace: async (place, scope) => {
        const seen: Record<string, unknown> = {};
        for (const version of [0, 1]) {
          const connection = await unknown(place, scope);
          const { apiKeys } = await connection.request(apiVersions, 3, {
            clientSoftwareName: 'conformance',
            clientSoftwareVersion: '1',
          });
          const answer = await connection.request(saslHandshake, version, { mechanism: 'GSSAPI' });
          const after = await fate(() => connection.request(saslHandshake, version, { mechanism: 'PLAIN' }));
          seen[`version ${version}`] = [
            apiKeys.length > 0,
            errorName(answer.errorCode),
            [...answer.mechanisms].sort(),
            comparable(after),
          ];
        }
        return seen;
      },
    },
  },
  {
    name: 'before somebody logged in nothing else is answered',
    apis: ['SaslHandshake', 'SaslAuthenticate', 'Metadata'],
    profile: 'secured',
    shows: { 'a request at once': 'ConnectionClosedError', 'credentials without handshake': 'ConnectionClosedError' },
    by: {
      millrace: async (place, scope) => {
        const first = await unknown(place, scope);
        const early = await unknown(place, scope);
        return {
          'a request at once': await fate(() => first.request(metadata, 12, { topics: [] })),
          'credentials without handshake': comparable(
            await fate(() => early.request(saslAuthenticate, 2, { authBytes: plain('admin') })),
          ),
        };
      },
    },
  },
  {
    name: 'between the choice of a mechanism and its credentials nothing else is taken',
    apis: ['SaslHandshake', 'ListGroups'],
    profile: 'secured',
    shows: new ListedDifference('a request that may not come between SaslHandshake and SaslAuthenticate', {
      embedded: { 'a request': 'ConnectionClosedError', 'a second handshake': 'ConnectionClosedError' },
      kafka: { 'a request': 'ILLEGAL_SASL_STATE', 'a second handshake': 'ILLEGAL_SASL_STATE' },
    }),
    by: {
      millrace: async (place, scope) => {
        const chosen = async () => {
          const connection = await unknown(place, scope);
          await connection.request(saslHandshake, 1, { mechanism: 'PLAIN' });
          return connection;
        };
        const [first, second] = [await chosen(), await chosen()];
        return {
          'a request': await fate(async () => errorName((await first.request(listGroups, 4, {})).errorCode)),
          'a second handshake': await fate(async () =>
            errorName((await second.request(saslHandshake, 1, { mechanism: 'PLAIN' })).errorCode),
          ),
        };
      },
    },
  },
  {
    name: 'credentials that are wrong are refused with a sentence, and the connection closed',
    apis: ['SaslHandshake', 'SaslAuthenticate'],
    profile: 'secured',
    shows: {
      'a wrong password': [
        'SASL_AUTHENTICATION_FAILED',
        'Authentication failed: Invalid username or password',
        'ConnectionClosedError',
      ],
      'an unknown user': [
        'SASL_AUTHENTICATION_FAILED',
        'Authentication failed: Invalid username or password',
        'ConnectionClosedError',
      ],
    },
    by: {
      millrace: async (place, scope) => {
        const seen: Record<string, unknown> = {};
        const say = async (what: string, mechanism: string, authBytes: Uint8Array) => {
          const connection = await unknown(place, scope);
          await connection.request(saslHandshake, 1, { mechanism });
          const answer = await fate(() => connection.request(saslAuthenticate, 2, { authBytes }));
          const after = await fate(() => connection.request(metadata, 12, { topics: [] }));
          seen[what] = [...outcomeOf(answer), after];
        };
        await say('a wrong password', 'PLAIN', plain('alice', 'wrong'));
        await say('an unknown user', 'PLAIN', plain('nobody'));
        return seen;
      },
    },
  },
  {
    name: 'credentials that can not be are refused, and the connection closed',
    apis: ['SaslHandshake', 'SaslAuthenticate'],
    profile: 'secured',
    shows: new ListedDifference('what a failed login by `PLAIN` is told', malformed),
    by: {
      millrace: async (place, scope) => {
        const seen: Record<string, unknown> = {};
        const say = async (what: string, mechanism: string, authBytes: Uint8Array) => {
          const connection = await unknown(place, scope);
          await connection.request(saslHandshake, 1, { mechanism });
          const answer = await fate(() => connection.request(saslAuthenticate, 2, { authBytes }));
          const after = await fate(() => connection.request(metadata, 12, { topics: [] }));
          seen[what] = [...outcomeOf(answer), after];
        };
        await say('no user', 'PLAIN', Buffer.from('\0\0secret'));
        await say('no password', 'PLAIN', Buffer.from('\0alice\0'));
        await say('bytes that are none', 'PLAIN', Uint8Array.of(1, 2, 3));
        await say('another identity than the user', 'PLAIN', Buffer.from('bob\0alice\0alice-secret'));
        return seen;
      },
    },
  },
  {
    name: 'a session says how long it lives, and is renewed by the same principal alone and by the same mechanism',
    apis: ['SaslHandshake', 'SaslAuthenticate'],
    profile: 'secured',
    shows: {
      'logs in': ['NONE', 3600000],
      'as itself': ['NONE', 'NONE', 3],
      'as another': [
        'NONE',
        'SASL_AUTHENTICATION_FAILED',
        'Cannot change principals during re-authentication from User.alice: User.bob',
        'ConnectionClosedError',
      ],
      'with a wrong password': [
        'NONE',
        'SASL_AUTHENTICATION_FAILED',
        'Authentication failed: Invalid username or password',
        'ConnectionClosedError',
      ],
      'without handshake': ['ILLEGAL_SASL_STATE', 'SaslAuthenticate request received after successful authentication'],
    },
    by: {
      millrace: async (place, scope) => {
        const seen: Record<string, unknown> = {};
        const open = async (user: string) => {
          const connection = await unknown(place, scope);
          await connection.request(saslHandshake, 1, { mechanism: 'PLAIN' });
          const { errorCode, sessionLifetimeMs } = await connection.request(saslAuthenticate, 2, {
            authBytes: plain(user),
          });
          return { connection, told: [errorName(errorCode), sessionLifetimeMs] };
        };
        const renew = async (what: string, mechanism: string, authBytes: Uint8Array) => {
          const { connection, told } = await open('alice');
          seen['logs in'] = told;
          const hands = await fate(() => connection.request(saslHandshake, 1, { mechanism }));
          const answer = await fate(() => connection.request(saslAuthenticate, 2, { authBytes }));
          const after = await fate(async () => (await connection.request(metadata, 12, { topics: [] })).brokers.length);
          seen[what] = [...outcomeOf(hands), ...outcomeOf(answer), after];
        };
        await renew('as itself', 'PLAIN', plain('alice'));
        await renew('as another', 'PLAIN', plain('bob'));
        await renew('with a wrong password', 'PLAIN', plain('alice', 'wrong'));
        const { connection } = await open('alice');
        const lone = await fate(() => connection.request(saslAuthenticate, 2, { authBytes: plain('alice') }));
        seen['without handshake'] = outcomeOf(lone);
        return seen;
      },
    },
  },
  {
    name: 'a token says how long its session lives',
    apis: ['SaslHandshake', 'SaslAuthenticate'],
    profile: 'secured',
    shows: {
      accepted: 'NONE',
      'lives for most of an hour': true,
      'a token that is none': [0, '{"status":"invalid_token"}'],
    },
    by: {
      millrace: async (place, scope) => {
        const connection = await unknown(place, scope);
        await connection.request(saslHandshake, 1, { mechanism: 'OAUTHBEARER' });
        const authBytes = encodeOauthBearer({ token: tokenOf('alice', 3600) });
        const answer = await connection.request(saslAuthenticate, 2, { authBytes });
        const bad = await unknown(place, scope);
        await bad.request(saslHandshake, 1, { mechanism: 'OAUTHBEARER' });
        const broken = encodeOauthBearer({ token: 'nonsense' });
        const refused = await fate(() => bad.request(saslAuthenticate, 2, { authBytes: broken }));
        const told = refused as { errorCode?: number; authBytes?: Uint8Array };
        return {
          accepted: errorName(answer.errorCode),
          'lives for most of an hour': answer.sessionLifetimeMs > 3_000_000 && answer.sessionLifetimeMs <= 3_600_000,
          'a token that is none': [told.errorCode, Buffer.from(told.authBytes ?? []).toString()],
        };
      },
    },
  },
];
