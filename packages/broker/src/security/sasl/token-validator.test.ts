import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { CrashingDisk } from '../../testing/crashing-disk.ts';
import { signedTokens, unsecuredTokens } from './token-validator.ts';

const now = 1_700_000_000;
const clock = { now: () => now * 1000, monotonic: () => 0 };
const rules = { clockSkewSeconds: 0, subjectClaim: 'sub' };
const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');

test('a token whose key can not check it is refused, and meets no defect', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const damaged = { kty: 'RSA', kid: 'damaged', alg: 'RS256', n: '', e: '!' };
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'short' }, damaged];
  const disk = new CrashingDisk();
  await disk.writeFileAtomic('/keys', Buffer.from(JSON.stringify({ keys })), { sync: false });
  const validate = signedTokens({ ...rules, keysUrl: 'file:///keys', audience: [], issuer: '' }, { clock, disk });
  for (const kid of ['short', 'damaged']) {
    const text = `${encode({ alg: 'RS256', kid })}.${encode({ sub: 'alice', iat: now, exp: now + 60 })}`;
    const token = `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
    await assert.rejects(validate(token), (error) => {
      assert.ok(isMillraceError(error, 'token_refused'), String(error));
      assert.match(error.message, /its key can't check it/);
      return true;
    });
  }
});

test('the end of a session can be told to clients, whatever its token says', async () => {
  const validate = unsecuredTokens(rules, clock);
  for (const exp of [1e300, now + 0.0001]) {
    const { expiresAtMs } = await validate(`${encode({ alg: 'none' })}.${encode({ sub: 'alice', exp })}.`);
    assert.ok(Number.isSafeInteger(expiresAtMs), `${expiresAtMs}`);
  }
});
