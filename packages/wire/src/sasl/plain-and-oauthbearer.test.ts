/** PLAIN and OAUTHBEARER: what is written is read back, the RFCs' examples, and hostile peers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import fc from 'fast-check';
import {
  decodeOauthBearer,
  decodeOauthBearerFailure,
  encodeOauthBearer,
  encodeOauthBearerFailure,
} from './oauthbearer.ts';
import { decodePlain, encodePlain } from './plain.ts';
import { sameSecret } from './sasl-text.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const bytes = (from: string): Uint8Array => Buffer.from(from);
const word = fc.string({ minLength: 1, unit: 'grapheme' }).filter((it) => !it.includes('\0'));

test("PLAIN: RFC 4616's examples", () => {
  assert.deepEqual(decodePlain(bytes('\0tim\0tanstaaftanstaaf')), {
    authorizationId: '',
    username: 'tim',
    password: 'tanstaaftanstaaf',
  });
  assert.deepEqual(decodePlain(bytes('Ursel\0Kurt\0xipj3plmq')), {
    authorizationId: 'Ursel',
    username: 'Kurt',
    password: 'xipj3plmq',
  });
});

test('PLAIN: any name and password without NUL arrives', () => {
  fc.assert(
    fc.property(word, word, (username, password) => {
      assert.deepEqual(decodePlain(encodePlain({ username, password })), { authorizationId: '', username, password });
    }),
    { numRuns: 200 * scale },
  );
});

test('PLAIN: a name or password that the message has no place for is not sent', () => {
  for (const [username, password] of [
    ['', 'p'],
    ['u', ''],
    ['u\0', 'p'],
    ['u', 'p\0q'],
    ['\ud800', 'p'],
  ] as const) {
    assert.throws(() => encodePlain({ username, password }), { code: 'malformed_sasl' });
  }
});

test('PLAIN: other than three parts, empty ones and bytes that are no text are refused', () => {
  for (const message of ['', 'u', 'u\0p', '\0\0p', '\0u\0', '\0u\0p\0', 'a\0b\0c\0d', `\0u\0${'p'.repeat(70_000)}`]) {
    assert.throws(() => decodePlain(bytes(message)), { code: 'malformed_sasl' });
  }
  assert.throws(() => decodePlain(Uint8Array.of(0, 0xc0, 0x80, 0, 0x70)), { code: 'malformed_sasl' });
});

test('an error holds nothing of the password', () => {
  try {
    decodePlain(bytes('\0user\0hunter2\0'));
    assert.fail('accepted');
  } catch (error) {
    assert.doesNotMatch(String(error), /hunter2/);
  }
});

test('secrets of any lengths are compared', () => {
  assert.ok(sameSecret('geheim', bytes('geheim')));
  for (const [left, right] of [
    ['a', 'b'],
    ['a', 'aa'],
    ['', 'a'],
  ] as const) {
    assert.ok(!sameSecret(left, right));
  }
});

test("OAUTHBEARER: RFC 7628's example", () => {
  const token = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==';
  const host = 'host=server.example.com\x01port=143';
  const message = `n,a=user@example.com,\x01${host}\x01auth=Bearer ${token}\x01\x01`;
  assert.deepEqual(decodeOauthBearer(bytes(message)), {
    token,
    authorizationId: 'user@example.com',
    extensions: { host: 'server.example.com', port: '143' },
  });
});

test('OAUTHBEARER: token, authorization id and extensions arrive', () => {
  const token = fc.stringMatching(/^[-._~+/0-9A-Za-z]{1,40}={0,2}$/);
  const extensions = fc.dictionary(
    fc.stringMatching(/^[A-Za-z]{1,10}$/).filter((it) => it !== 'auth'),
    fc.stringMatching(/^[\x20-\x7e]{0,20}$/),
  );
  fc.assert(
    fc.property(token, fc.oneof(fc.constant(''), word), extensions, (it, authorizationId, extra) => {
      const message = { token: it, authorizationId, extensions: { ...extra } };
      assert.deepEqual(decodeOauthBearer(encodeOauthBearer(message)), message);
    }),
    { numRuns: 200 * scale },
  );
});

test('OAUTHBEARER: what the message has no place for is not sent', () => {
  const refused: Parameters<typeof encodeOauthBearer>[0][] = [
    { token: '' },
    { token: 'a b' },
    { token: 'a\x01b' },
    { token: 'a', extensions: { auth: 'x' } },
    { token: 'a', extensions: { 'with-dash': 'x' } },
    { token: 'a', extensions: { name: 'x\x01y=z' } },
  ];
  for (const message of refused) assert.throws(() => encodeOauthBearer(message), { code: 'malformed_sasl' });
});

test('OAUTHBEARER: malformed messages are refused', () => {
  const auth = 'auth=Bearer abc';
  for (const message of [
    '',
    'n,,',
    `n,,\x01${auth}`,
    `n,,\x01${auth}\x01`,
    `p=x,,\x01${auth}\x01\x01`,
    `n,,,\x01${auth}\x01\x01`,
    `n,x,\x01${auth}\x01\x01`,
    `n,a=,\x01${auth}\x01\x01`,
    `n,,\x01\x01`,
    `n,,\x01auth=Basic abc\x01\x01`,
    `n,,\x01auth=Bearer\x01\x01`,
    `n,,\x01${auth}\x01${auth}\x01\x01`,
    `n,,\x01${auth}\x01a-b=c\x01\x01`,
    `n,,\x01${auth}\x01nothing\x01\x01`,
    `n,,\x01${auth}\x01\x01\x01`,
  ]) {
    assert.throws(() => decodeOauthBearer(bytes(message)), { code: 'malformed_sasl' }, JSON.stringify(message));
  }
});

test('OAUTHBEARER: a refusal says why', () => {
  const failure = { status: 'insufficient_scope', scope: 'kafka', configurationUrl: 'https://example.org/openid' };
  assert.deepEqual(decodeOauthBearerFailure(encodeOauthBearerFailure(failure)), failure);
  assert.equal(decodeOauthBearerFailure(new Uint8Array()), undefined);
  assert.equal(decodeOauthBearerFailure(bytes('{"status":7}'))?.status, 'unknown');
  for (const message of ['{', 'null', '[]', '"x"']) {
    assert.throws(() => decodeOauthBearerFailure(bytes(message)), { code: 'malformed_sasl' });
  }
});

test('whatever a peer sends gives a value or one clear error', () => {
  const piece = fc.constantFrom('n', ',', 'a=b', '\x01', 'auth=', 'Bearer ', 'abc', '=', '\0', '__proto__=x', 'é', ' ');
  const message = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((parts) => bytes(parts.join(''))),
    fc.uint8Array({ maxLength: 100 }),
  );
  fc.assert(
    fc.property(message, (it) => {
      for (const decode of [decodePlain, decodeOauthBearer, decodeOauthBearerFailure]) {
        try {
          decode(it);
        } catch (error) {
          assert.ok(isMillraceError(error, 'malformed_sasl'), String(error));
        }
      }
    }),
    { numRuns: 2_000 * scale },
  );
});
