/** Bearer tokens as a broker judges them, and the keys that it judges them by. */
import { createPublicKey } from 'node:crypto';
import { CrashingDisk } from '@millrace/broker/testing/crashing-disk';
import { signedTokens, unsecuredTokens } from '@millrace/broker/testing/decoders';
import { attemptLater, type FuzzTarget } from '../fuzz-target.ts';

const now = 1_700_000_000;
const clock = { now: () => now * 1000, monotonic: () => 0 };
const rules = { clockSkewSeconds: 30, subjectClaim: 'sub' };
const signed = { ...rules, keysUrl: 'file:///keys', audience: ['kafka'], issuer: 'https://issuer.example' };
/** Keys whose private halves are gone, and what they signed, so that a seed leads to the same run everywhere. */
const keys = [
  {
    kid: '0',
    kty: 'EC',
    crv: 'P-256',
    x: 'cIitzK7o3nriTPGZpHZuoOZM8ooiVkiwReKLThuw2a4',
    y: '_vaeTanA6jXgFZILj2AYf1tPXU7pGCTaNVzB57wmdxM',
  },
  { kid: '1', kty: 'OKP', crv: 'Ed25519', x: 'oYbdt3K7SitvLzfd32pV3nePgvuXajIGHt_DHx0Iayk' },
  {
    kid: '2',
    kty: 'RSA',
    e: 'AQAB',
    n:
      'v-xAUSQOIg8w0C-gQTR42GAy9Evlpij98axE8bnrp9BiNIsPVF_LahkS8QqN6NV1NCBklg-bJJKOS3wRijQbvK' +
      '1pPKqECDyU45ib82bwMDYokU_n3Jy0TzdsI8eY08U5in5kVyNma4nWuqw15P0B2VrZPzoxBqx-dLosbcJLG4E',
  },
];
const signatures = {
  ES256: 'mY--dSm5YbHDfz18TkAy6lL1wdNuQXYHeUyL52t-5hld3ZUTuzekIGVNZfKg--BJQ2XBeDsgyC-W7uc4gPXXSw',
  EdDSA: 'jpa1DuvLSOqt7q8aUUhRKPXNAn715qMvq1RLb0gGYFRQbba5_LGoZxW9YB8fYYvO-bEI7OAotKNN-Y9yP5piBA',
  RS256:
    'kq56M1VmUmvBW5FrNPqJlJMbu2nel0X7IhcAlpQ7ZKCI7Y1x9A4W4442FCf4zzac4-jejD1ql24BZydJhTtKAB' +
    'SkxH1Of_pwwRKPoQasJYflSOQzwMfJrRQoXrT3da9AuvSnS1Uo_4g6n3IzR1Y2obToXbMFzU5RhEQZ3c65m2Y',
};
const claims = { sub: 'alice', iss: signed.issuer, aud: ['kafka'], iat: now, nbf: now, exp: now + 600 };
const keySet = JSON.stringify({ keys });
const pem = keys
  .map((key) => createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString())
  .join('');
const known = { keySet: validatorWith(keySet), pem: validatorWith(pem) };
const unsecured = unsecuredTokens(rules, clock);
const goodToken = token('ES256', '0');

/**
 * An input is a byte that says what follows: a token, the parts of a token in JSON before their encoding, with NUL
 * between, or a file of keys.
 */
export const tokens: FuzzTarget = {
  name: 'tokens',
  inputs: 3000,
  seeds: () => {
    const header = (alg: string, kid: string): string => JSON.stringify({ alg, kid, typ: 'JWT' });
    const whole = [goodToken, token('EdDSA', '1'), token('RS256', '2')];
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

function token(alg: keyof typeof signatures, kid: string): string {
  return [...[{ alg, kid }, claims].map((part) => encoded(JSON.stringify(part))), signatures[alg]].join('.');
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}
