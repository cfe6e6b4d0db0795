/** Credentials of users (SCRAM), as administrators set and see them. */
import { alterUserScramCredentials, describeUserScramCredentials, type RequestDraft } from '@millrace/wire';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { comparable, errorName, type RawConnection, raw } from '../matrix/raw-connection.ts';
import { settled } from '../matrix/settled.ts';

const [sha256, sha512] = [1, 2];
const salted = { salt: Buffer.from('a salt of some bytes'), saltedPassword: Buffer.alloc(32, 7) };

type Upsertion = RequestDraft<typeof alterUserScramCredentials>['upsertions'][number];
type Deletion = RequestDraft<typeof alterUserScramCredentials>['deletions'][number];

async function alterUsers(connection: RawConnection, upsertions: Upsertion[], deletions: Deletion[] = []) {
  const { results } = await connection.request(alterUserScramCredentials, 0, { upsertions, deletions });
  return results.map(({ errorCode }) => errorName(errorCode));
}

async function credentialsOf(connection: RawConnection, ...names: string[]) {
  const draft = { users: names.map((name) => ({ name })) };
  const { results } = await connection.request(describeUserScramCredentials, 0, draft);
  return results.map(({ errorCode, credentialInfos }) => [
    errorName(errorCode),
    ...credentialInfos.map(({ mechanism, iterations }) => `${mechanism} ${iterations}`).sort(),
  ]);
}

export const credentials: readonly Behaviour[] = [
  {
    name: 'credentials of users are set, told without secrets, changed and deleted',
    apis: ['AlterUserScramCredentials', 'DescribeUserScramCredentials'],
    shows: {
      first: ['NONE'],
      one: [['NONE', '1 4096']],
      second: ['NONE'],
      two: [['NONE', '1 4096', '2 8192']],
      changed: ['NONE'],
      after: [['NONE', '1 5000', '2 8192']],
      gone: ['NONE'],
      left: [['NONE', '1 5000']],
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = scope.name('user');
      scope.defer(() => alterUsers(connection, [], [{ name, mechanism: sha256 }]));
      const look = (isThere: (told: string) => boolean) =>
        settled(
          () => credentialsOf(connection, name),
          (seen) => isThere(JSON.stringify(seen)),
        );
      const first = await alterUsers(connection, [{ name, mechanism: sha256, iterations: 4096, ...salted }]);
      const one = await look((seen) => seen.includes('4096'));
      const second = await alterUsers(connection, [{ name, mechanism: sha512, iterations: 8192, ...salted }]);
      const two = await look((seen) => seen.includes('8192'));
      const changed = await alterUsers(connection, [{ name, mechanism: sha256, iterations: 5000, ...salted }]);
      const after = await look((seen) => seen.includes('5000'));
      const gone = await alterUsers(connection, [], [{ name, mechanism: sha512 }]);
      const left = await look((seen) => !seen.includes('8192'));
      return { first, one, second, two, changed, after, gone, left };
    }),
  },
  {
    name: 'credentials that can not be are refused, each for its user',
    apis: ['AlterUserScramCredentials'],
    shows: {
      'few iterations': ['UNACCEPTABLE_CREDENTIAL'],
      'many iterations': ['UNACCEPTABLE_CREDENTIAL'],
      'unknown mechanism': ['UNSUPPORTED_SASL_MECHANISM'],
      'empty name': ['UNACCEPTABLE_CREDENTIAL'],
      'one twice': ['DUPLICATE_RESOURCE'],
      'set and deleted': ['RESOURCE_NOT_FOUND'],
      'absent deleted': ['RESOURCE_NOT_FOUND'],
      'unknown mechanism deleted': ['UNSUPPORTED_SASL_MECHANISM'],
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = scope.name('user');
      scope.defer(() => alterUsers(connection, [], [{ name, mechanism: sha256 }]));
      const good = { name, mechanism: sha256, iterations: 4096, ...salted };
      return {
        'few iterations': await alterUsers(connection, [{ ...good, iterations: 4095 }]),
        'many iterations': await alterUsers(connection, [{ ...good, iterations: 16_385 }]),
        'unknown mechanism': await alterUsers(connection, [{ ...good, mechanism: 9 }]),
        'empty name': await alterUsers(connection, [{ ...good, name: '' }]),
        'one twice': await alterUsers(connection, [good, good]),
        'set and deleted': await alterUsers(connection, [good], [{ name, mechanism: sha256 }]),
        'absent deleted': await alterUsers(connection, [], [{ name, mechanism: sha256 }]),
        'unknown mechanism deleted': await alterUsers(connection, [], [{ name, mechanism: 9 }]),
      };
    }),
  },
  {
    name: 'credentials have a salt and a password',
    apis: ['AlterUserScramCredentials'],
    shows: new ListedDifference('credentials without salt or password', {
      embedded: { 'no salt': ['UNACCEPTABLE_CREDENTIAL'], 'no password': ['UNACCEPTABLE_CREDENTIAL'] },
      kafka: { 'no salt': ['NONE'], 'no password': ['UNKNOWN_SERVER_ERROR'] },
    }),
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = scope.name('user');
      scope.defer(() => alterUsers(connection, [], [{ name, mechanism: sha256 }]));
      const good = { name, mechanism: sha256, iterations: 4096, ...salted };
      return {
        'no salt': await alterUsers(connection, [{ ...good, salt: Buffer.alloc(0) }]),
        'no password': await alterUsers(connection, [{ ...good, saltedPassword: Buffer.alloc(0) }]),
      };
    }),
  },
  {
    name: 'users without credentials, and ones that are asked for twice, are told of as such',
    apis: ['DescribeUserScramCredentials'],
    shows: {
      absent: [['RESOURCE_NOT_FOUND']],
      twice: [['DUPLICATE_RESOURCE']],
      'empty name': {
        errorCode: 'NONE',
        results: [{ user: '', errorCode: 'RESOURCE_NOT_FOUND', credentialInfos: [] }],
      },
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = scope.name('user');
      const nobody = await connection.request(describeUserScramCredentials, 0, { users: [{ name: '' }] });
      return {
        absent: await credentialsOf(connection, name),
        twice: await credentialsOf(connection, name, name),
        'empty name': comparable(nobody, { without: ['errorMessage'] }),
      };
    }),
  },
];
