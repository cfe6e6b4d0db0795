import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newInstanceKey, openCredential } from '@millrace/api/config';
import { sealCredential } from './seal-credential.ts';

const secret = { username: 'shop.a', password: 'a secret of some length' };

test('what is sealed to an instance it alone opens', async () => {
  const [own, other] = [await newInstanceKey(), await newInstanceKey()];
  const sealed = sealCredential(secret, own.publicKey);
  assert.ok(!sealed.includes(Buffer.from(secret.password).toString('base64url').slice(2, 12)));
  assert.deepEqual(await openCredential(sealed, own), secret);
  await assert.rejects(openCredential(sealed, other), { code: 'credential_unreadable' });
  const parts = sealed.split('.');
  const at = 3;
  const changed = [...(parts[at] ?? '')].toReversed().join('');
  await assert.rejects(openCredential(parts.with(at, changed).join('.'), own), { code: 'credential_unreadable' });
});

test('each sealing is another text', async () => {
  const own = await newInstanceKey();
  assert.notEqual(sealCredential(secret, own.publicKey), sealCredential(secret, own.publicKey));
});

test('refuses a text that holds neither a password nor a certificate', async () => {
  const own = await newInstanceKey();
  const sealed = sealCredential({ hello: 'world' } as never, own.publicKey);
  await assert.rejects(openCredential(sealed, own), /neither a password nor a certificate/);
});

test('refuses a key that would agree on what everybody knows', () => {
  const zeros = Buffer.alloc(32).toString('base64url');
  assert.throws(() => sealCredential(secret, zeros), { code: 'invalid_request' });
});
