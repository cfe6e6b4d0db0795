import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compactDecrypt, importPKCS8 } from 'jose';
import { newPassword, proves, verifierOf } from './password.ts';
import { applicationReceiver, sealFor, waitingRequest } from './sealed-for.ts';
import { openSealingKey } from './sealing-key.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-secrets-'));
});
after(() => rm(directory, { recursive: true }));

test('a sealing key is made once, for its owner alone, whoever asks first', async () => {
  const path = join(directory, 'made', 'fleet.key');
  const keys = await Promise.all(Array.from({ length: 5 }, () => openSealingKey(path)));
  assert.equal(new Set(keys.map(({ id }) => id)).size, 1);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const [first, second] = keys;
  assert.equal(second?.open(first?.seal('a secret', 'a test') ?? '', 'a test'), 'a secret');
});

test('what is sealed is opened by the same key, for the same purpose, and only whole', async () => {
  const key = await openSealingKey(join(directory, 'one.key'));
  const other = await openSealingKey(join(directory, 'other.key'));
  const sealed = key.seal('a secret', 'a test');
  assert.notEqual(key.seal('a secret', 'a test'), sealed);
  const foreign = { code: 'sealed_by_another_key', message: /another key than that of .*; give all processes/ };
  assert.throws(() => other.open(sealed, 'a test'), foreign);
  assert.throws(() => key.open(sealed, 'another purpose'), foreign);
  const bytes = Buffer.from(sealed, 'base64url');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  assert.throws(() => key.open(bytes.toString('base64url'), 'a test'), foreign);
});

test('a key file that others can read, or that is damaged, is not used', async () => {
  const path = join(directory, 'exposed.key');
  await openSealingKey(path);
  await chmod(path, 0o640);
  await assert.rejects(openSealingKey(path), { code: 'key_file_exposed', message: /chmod 600/ });
  await chmod(path, 0o600);
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, 20));
  await assert.rejects(openSealingKey(path), { code: 'key_file_damaged' });
});

test('a verifier tells the right password from others, and does not hold it', async () => {
  const password = newPassword();
  assert.match(password, /^[\w-]{43}$/);
  const verifier = await verifierOf(password);
  assert.equal(await proves(password, verifier), true);
  assert.equal(await proves(newPassword(), verifier), false);
  assert.ok(!JSON.stringify(verifier).includes(password));
});

test("what is sealed to an application's key opens with its private key, as a JWE of the standard", async () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const receiver = applicationReceiver('orders', pair.publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const sealed = await sealFor(receiver, { password: 'p' });
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const opened = await compactDecrypt(sealed, await importPKCS8(pem, 'RSA-OAEP-256'));
  assert.deepEqual(opened.protectedHeader, { alg: 'RSA-OAEP-256', enc: 'A256GCM' });
  assert.deepEqual(JSON.parse(new TextDecoder().decode(opened.plaintext)), { password: 'p' });
});

test('a key that is none, or too weak, is refused with what is wrong', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const pem = (key: typeof small) => key.export({ type: 'spki', format: 'pem' }).toString();
  const refusals = [
    ['nonsense', /is not PEM/],
    ['-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n', /is not PEM/],
    [pem(small), /has 1024 bits, and 2048 are the fewest/],
    [pem(curve), /is of type ec, not RSA/],
  ] as const;
  for (const [text, message] of refusals) {
    assert.throws(() => applicationReceiver('orders', text), { code: 'invalid_request', message });
  }
});

test('what is sealed for a waiting request is opened by that one alone', async () => {
  const [one, other] = [await waitingRequest(), await waitingRequest()];
  const sealed = await sealFor(one.receiver, { password: 'p' });
  assert.deepEqual(await one.open(sealed), { password: 'p' });
  await assert.rejects(other.open(sealed));
});
