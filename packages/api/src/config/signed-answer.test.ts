import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url, exportJWK, generateKeyPair } from 'jose';
import type { ConfigAnswer } from './answer.ts';
import {
  answerHeader,
  type ConfigKeySet,
  type ExpectedAnswer,
  followKeySets,
  type SigningKey,
  signAnswer,
  signKeySet,
  UntrustedConfigError,
  verifyAnswer,
  verifyKeySet,
} from './signed-answer.ts';

const now = 1_000_000;
const answer: ConfigAnswer = {
  format: 1,
  application: 'shop',
  topic: 'orders',
  role: 'producer',
  version: 7,
  issuedAt: now,
  expiresAt: now + 1_000,
  asOf: now,
  cluster: { name: 'east', id: null, generation: 0, rule: 'the only one that it declares' },
  bootstrap: '127.0.0.1:9092',
  settings: { acks: { value: 'all', rule: 'standard producer' } },
};
const expected: ExpectedAnswer = { application: 'shop', topic: 'orders', role: 'producer', seenVersion: 7, now };

interface Made {
  readonly signing: SigningKey;
  readonly shown: ConfigKeySet['keys'][number];
}

async function makeKey(kid: string): Promise<Made> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const { x = '' } = await exportJWK(publicKey);
  return { signing: { kid, key: privateKey }, shown: { kid, x } };
}

const [one, two, three, four] = (await Promise.all(['1', '2', '3', '4'].map(makeKey))) as [Made, Made, Made, Made];
const trusted: ConfigKeySet = { version: 1, keys: [one.shown, two.shown] };

async function refuses(check: Promise<unknown>, reason: UntrustedConfigError['reason']): Promise<void> {
  await assert.rejects(check, (error) => {
    assert.ok(error instanceof UntrustedConfigError);
    assert.equal(error.reason, reason, error.message);
    return true;
  });
}

test('what was signed is read, by any key of the set', async () => {
  assert.deepEqual(await verifyAnswer(await signAnswer(answer, one.signing), trusted, expected), answer);
  assert.deepEqual(await verifyAnswer(await signAnswer(answer, two.signing), trusted, expected), answer);
});

test('the header for who signs by other means is the one of answers', async () => {
  const [header = ''] = (await signAnswer(answer, one.signing)).split('.');
  assert.equal(Buffer.from(header, 'base64url').toString(), answerHeader('1'));
});

test('refuses what is changed, foreign, expired, older, or for somebody else', async () => {
  const signed = await signAnswer(answer, one.signing);
  const [header = '', , signature = ''] = signed.split('.');
  const changed = base64url.encode(JSON.stringify({ ...answer, bootstrap: '127.0.0.1:6666' }));
  await refuses(verifyAnswer(`${header}.${changed}.${signature}`, trusted, expected), 'bad_signature');
  await refuses(verifyAnswer('no signature at all', trusted, expected), 'bad_signature');
  await refuses(verifyAnswer(await signAnswer(answer, three.signing), trusted, expected), 'unknown_key');
  const posing = { kid: '1', key: three.signing.key };
  await refuses(verifyAnswer(await signAnswer(answer, posing), trusted, expected), 'bad_signature');
  await refuses(verifyAnswer(signed, trusted, { ...expected, now: now + 1_000 }), 'expired');
  await refuses(verifyAnswer(signed, trusted, { ...expected, seenVersion: 8 }), 'older');
  for (const other of [{ application: 'spy' }, { topic: 'payments' }, { role: 'consumer' }] as const) {
    await refuses(verifyAnswer(signed, trusted, { ...expected, ...other }), 'not_ours');
  }
  await refuses(verifyAnswer(await signKeySet(trusted, one.signing), trusted, expected), 'malformed');
  const unsigned = `${base64url.encode(JSON.stringify({ alg: 'none' }))}.${changed}.`;
  await refuses(verifyAnswer(unsigned, trusted, expected), 'bad_signature');
});

test('a set of keys is followed by one that a key of it has signed, never back', async () => {
  const second: ConfigKeySet = { version: 2, keys: [two.shown, three.shown, one.shown] };
  const third: ConfigKeySet = { version: 3, keys: [three.shown, four.shown, two.shown] };
  const fourth: ConfigKeySet = { version: 4, keys: [four.shown, three.shown] };
  const chain = [
    await signKeySet(trusted, one.signing),
    await signKeySet(second, one.signing),
    await signKeySet(third, two.signing),
    await signKeySet(fourth, three.signing),
  ];
  assert.deepEqual(await verifyKeySet(chain[1] ?? '', trusted), second);
  await refuses(verifyKeySet(chain[3] ?? '', trusted), 'unknown_key');
  assert.deepEqual(await followKeySets(chain, trusted), fourth);
  assert.deepEqual(await followKeySets(chain, third), fourth);
  assert.equal((await followKeySets(chain, fourth)).version, 4);
  await refuses(verifyKeySet(chain[0] ?? '', second), 'older');
  const forged = await signKeySet({ version: 9, keys: [four.shown] }, four.signing);
  await refuses(followKeySets([...chain.slice(0, 2), forged], trusted), 'unknown_key');
  await refuses(followKeySets(['nothing'], trusted), 'malformed');
});
