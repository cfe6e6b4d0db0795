import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  alterUserScramCredentials,
  describeUserScramCredentials,
  errorCodes,
  errorRow,
  type RequestDraft,
  saltedPassword,
} from '@millrace/wire';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { login } from '../testing/sasl-login.ts';
import type { WirePeer } from '../testing/wire-peer.ts';

const listener = 'SASL_PLAINTEXT';
const sha256 = 1;
const sha512 = 2;
let fixture: ClusterFixture;

before(async () => {
  fixture = await ClusterFixture.start({
    configuration: {
      listeners: `PLAINTEXT://127.0.0.1:0,${listener}://127.0.0.1:0`,
      'connection.failed.authentication.delay.ms': '0',
    },
    security: { scramUsers: [{ username: 'first', password: 'one', mechanism: 'SCRAM-SHA-256', iterations: 8192 }] },
  });
});
after(() => fixture[Symbol.asyncDispose]());

type Upsertion = RequestDraft<typeof alterUserScramCredentials>['upsertions'][number];

async function upsertionOf(name: string, password: string, mechanism = sha256, iterations = 4096): Promise<Upsertion> {
  const salt = Buffer.from('a salt of its own');
  const kind = mechanism === sha512 ? 'SCRAM-SHA-512' : 'SCRAM-SHA-256';
  return { name, mechanism, iterations, salt, saltedPassword: await saltedPassword(kind, password, salt, iterations) };
}

async function alter(
  upsertions: readonly Upsertion[],
  deletions: readonly { name: string; mechanism: number }[] = [],
): Promise<string[]> {
  const peer = await fixture.peer();
  const { results } = await peer.request(alterUserScramCredentials, { upsertions, deletions });
  return results.map(({ user, errorCode }) => `${user} ${errorRow(errorCode).name}`);
}

async function describe(peer: WirePeer, users: readonly string[] | null = null): Promise<string[]> {
  const answer = await peer.request(describeUserScramCredentials, { users: users?.map((name) => ({ name })) ?? null });
  assert.equal(answer.errorCode, errorCodes.NONE);
  return answer.results.map(({ user, errorCode, credentialInfos }) => {
    const infos = credentialInfos.map(({ mechanism, iterations }) => `${mechanism}:${iterations}`);
    return `${user} ${errorRow(errorCode).name} ${infos.join(' ')}`.trim();
  });
}

async function logsIn(username: string, password: string, mechanism = 'SCRAM-SHA-256'): Promise<boolean> {
  using peer = await fixture.connect(listener);
  return (await login(peer, { mechanism, username, password })).errorCode === errorCodes.NONE;
}

test('users are added, changed and removed while connections stay, and survive a restart', async () => {
  assert.deepEqual(await alter([await upsertionOf('dora', 'a'), await upsertionOf('dora', 'b', sha512, 5000)]), [
    'dora NONE',
  ]);
  assert.equal(await logsIn('dora', 'a'), true);
  assert.equal(await logsIn('dora', 'b', 'SCRAM-SHA-512'), true);
  assert.equal(await logsIn('dora', 'b'), false);
  assert.deepEqual(await describe(await fixture.peer(), ['dora', 'first']), [
    'dora NONE 1:4096 2:5000',
    'first NONE 1:8192',
  ]);
  await alter([await upsertionOf('dora', 'changed')]);
  assert.equal(await logsIn('dora', 'a'), false);
  await alter([], [{ name: 'dora', mechanism: sha512 }]);
  await fixture.restart();
  assert.equal(await logsIn('dora', 'changed'), true);
  assert.deepEqual((await describe(await fixture.peer())).sort(), ['dora NONE 1:4096', 'first NONE 1:8192']);
  await alter([], [{ name: 'dora', mechanism: sha256 }]);
  assert.deepEqual(await describe(await fixture.peer(), ['dora']), ['dora RESOURCE_NOT_FOUND']);
});

test('a user of the options keeps the password that it was given since', async () => {
  await alter([await upsertionOf('first', 'two')]);
  await fixture.restart();
  assert.equal(await logsIn('first', 'two'), true);
  assert.ok(fixture.events.some(({ message }) => /SCRAM user first is there already/.test(message)));
});

test('changes that can not be are refused, and with them all others to the same user', async () => {
  const good = await upsertionOf('eve', 'x');
  for (const [change, code] of [
    [{ iterations: 4095 }, 'UNACCEPTABLE_CREDENTIAL'],
    [{ iterations: 16_385 }, 'UNACCEPTABLE_CREDENTIAL'],
    [{ mechanism: 0 }, 'UNSUPPORTED_SASL_MECHANISM'],
    [{ mechanism: 3 }, 'UNSUPPORTED_SASL_MECHANISM'],
    [{ salt: new Uint8Array(0) }, 'UNACCEPTABLE_CREDENTIAL'],
    [{ saltedPassword: new Uint8Array(0) }, 'UNACCEPTABLE_CREDENTIAL'],
  ] as const) {
    const other = await upsertionOf('eve', 'x', sha512);
    assert.deepEqual(await alter([other, { ...good, ...change }]), [`eve ${code}`]);
  }
  assert.deepEqual(await alter([{ ...good, name: '' }]), [' UNACCEPTABLE_CREDENTIAL']);
  assert.deepEqual(await alter([good, good]), ['eve DUPLICATE_RESOURCE']);
  assert.deepEqual(await alter([good], [{ name: 'eve', mechanism: sha256 }]), ['eve RESOURCE_NOT_FOUND']);
  assert.deepEqual(await alter([good]), ['eve NONE']);
  assert.deepEqual(await alter([good], [{ name: 'eve', mechanism: sha256 }]), ['eve DUPLICATE_RESOURCE']);
  assert.deepEqual(await alter([], [{ name: 'eve', mechanism: sha256 }]), ['eve NONE']);
  assert.deepEqual(await alter([], [{ name: 'eve', mechanism: sha256 }]), ['eve RESOURCE_NOT_FOUND']);
  assert.deepEqual(await describe(await fixture.peer(), ['eve']), ['eve RESOURCE_NOT_FOUND']);
  assert.deepEqual(await describe(await fixture.peer(), ['first', 'first']), ['first DUPLICATE_RESOURCE']);
});
