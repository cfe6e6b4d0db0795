/** Bearer tokens as a broker judges them, and the keys that it judges them by. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { CrashingDisk } from '@millrace/broker/testing/crashing-disk';
import { signedTokens, unsecuredTokens } from '@millrace/broker/testing/decoders';
import { attemptLater, type FuzzTarget } from '../fuzz-target.ts';

const now = 1_700_000_000;
const clock = { now: () => now * 1000, monotonic: () => 0 };
const rules = { clockSkewSeconds: 30, subjectClaim: 'sub' };
const signed = { ...rules, keysUrl: 'file:///keys', audience: ['kafka'], issuer: 'https://issuer.example' };
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const edwards = generateKeyPairSync('ed25519');
const short = generateKeyPairSync('rsa', { modulusLength: 1024 });
const claims = { sub: 'alice', iss: signed.issuer, aud: ['kafka'], iat: now, nbf: now, exp: now + 600 };
const keySet = JSON.stringify({
  keys: [elliptic, edwards, short].map(({ publicKey }, index) => ({
    ...publicKey.export({ format: 'jwk' }),
    kid: `${index}`,
  })),
});
const pem = [elliptic, edwards, short]
  .map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }))
  .join('');
const known = { keySet: validatorWith(keySet), pem: validatorWith(pem) };
const unsecured = unsecuredTokens(rules, clock);
const goodToken = token({ alg: 'ES256', kid: '0' }, claims, elliptic.privateKey);

/**
 * An input is a byte that says what follows: a token, the parts of a token in JSON before their encoding, with NUL
 * between, or a file of keys.
 */
export const tokens: FuzzTarget = {
  name: 'tokens',
  inputs: 3000,
  seeds: () => {
    const header = (alg: string, kid: string): string => JSON.stringify({ alg, kid, typ: 'JWT' });
    const whole = [
      goodToken,
      token({ alg: 'EdDSA', kid: '1' }, claims, edwards.privateKey),
      token({ alg: 'RS256', kid: '2' }, claims, short.privateKey),
    ];
    const parts = [header('none', '0'), header('ES256', '0'), header('RS256', '2'), header('PS512', '2')];
    return [
      ...whole.map((text) => Buffer.from(`\u0000${text}`)),
      ...parts.map((text) => Buffer.from(`\u0001${text}\0${JSON.stringify(claims)}\0`)),
      Buffer.from(`\u0002${keySet}`),
      Buffer.from(`\u0002${pem}`),
    ];
  },
  async run(input) {
    const kind = (input[0] ?? 0) % 3;
    const text = Buffer.from(input.subarray(1)).toString('utf8');
    if (kind === 2) return firstWords(await attemptLater(async () => (await validatorWith(text)(goodToken)).name));
    const tried = kind === 0 ? text : text.split('\0').map(encoded).join('.');
    const readings = [known.keySet, known.pem, unsecured].map((validate) => {
      return attemptLater(async () => {
        const { name, expiresAtMs = 0 } = await validate(tried);
        if (!Number.isSafeInteger(expiresAtMs)) throw new TypeError(`a session would end at ${expiresAtMs}`);
        return name.length > 0;
      });
    });
    return (await Promise.all(readings)).map(firstWords).join(' ');
  },
};

/** A message as far as it does not quote the input. */
function firstWords(message: string): string {
  return message.split(/["':]/)[0] as string;
}

function validatorWith(keys: string) {
  const disk = new CrashingDisk();
  const written = disk.writeFileAtomic('/keys', Buffer.from(keys), { sync: false });
  const validate = signedTokens(signed, { clock, disk });
  return async (text: string) => {
    await written;
    return validate(text);
  };
}

function token(header: object, payload: object, key: KeyObject): string {
  const text = [header, payload].map((part) => encoded(JSON.stringify(part))).join('.');
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return `${text}.${sign(algorithm, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}
