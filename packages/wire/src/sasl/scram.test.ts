/** SCRAM against RFC 7677's example, a credential of Apache Kafka's, both sides against each other, hostile peers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError, seededRandomness } from '@millrace/base';
import fc from 'fast-check';
import { ScramClient } from './scram-client.ts';
import {
  credentialOfSaltedPassword,
  type ScramCredential,
  type ScramMechanism,
  saltedPassword,
  scramCredential,
  scramMechanisms,
} from './scram-credential.ts';
import { ScramServer } from './scram-server.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const secret = Buffer.from('a secret of the server');
const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const rfcNonce = 'rOprNGfwEbeRWgbNEkqO';
const rfcServerFirst = `r=${rfcNonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const rfcServerFinal = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
const bytes = (from: string): Uint8Array => Buffer.from(from);

function rfcClient(mechanism: ScramMechanism = 'SCRAM-SHA-256'): ScramClient {
  const randomness = { bytes: () => Buffer.from(rfcNonce, 'base64') };
  return new ScramClient({ mechanism, username: 'user', password: 'pencil', randomness });
}

function pair(mechanism: ScramMechanism, username: string, password: string, known?: ScramCredential) {
  const client = new ScramClient({ mechanism, username, password, randomness: seededRandomness(1) });
  const credentialOf = (name: string): ScramCredential | undefined => (name === username ? known : undefined);
  return { client, server: new ScramServer({ mechanism, randomness: seededRandomness(2), credentialOf, secret }) };
}

test("the client speaks RFC 7677's example", async () => {
  const client = rfcClient();
  assert.equal(text(client.start()), `n,,n=user,r=${rfcNonce}`);
  assert.equal(
    text(await client.next(bytes(rfcServerFirst))),
    `c=biws,r=${rfcNonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  );
  assert.equal(await client.next(bytes(rfcServerFinal)), undefined);
  await assert.rejects(client.next(bytes(rfcServerFinal)), { code: 'malformed_sasl' });
});

test('a server that can not prove that it knows the password is refused', async () => {
  for (const final of [
    'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=',
    `v=${'A'.repeat(43)}=`,
    'v=',
    'e=other-error',
  ]) {
    const client = rfcClient();
    await client.next(bytes(rfcServerFirst));
    await assert.rejects(client.next(bytes(final)), (error) => isMillraceError(error) && /sasl/.test(error.code));
  }
});

test('a server may neither change the nonce nor ask for too little or too much work', async () => {
  const first = (nonce: string, iterations: number | string) => `r=${nonce},s=QUJD,i=${iterations}`;
  for (const message of [
    first('other', 4096),
    first(rfcNonce, 4096),
    first(`${rfcNonce}x`, 4095),
    first(`${rfcNonce}x`, 100_001),
    first(`${rfcNonce}x`, 999_999_999),
  ]) {
    await assert.rejects(rfcClient().next(bytes(message)), { code: 'sasl_refused' }, message);
  }
  for (const iterations of ['1e9', '-4096', '4096.5', '', '99999999999999999999', '04096', '0x1000']) {
    await assert.rejects(rfcClient().next(bytes(first(`${rfcNonce}x`, iterations))), { code: 'malformed_sasl' });
  }
});

for (const mechanism of scramMechanisms) {
  test(`${mechanism}: both sides agree about any name and password`, async () => {
    const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter((it) => !it.includes('\0'));
    await fc.assert(
      fc.asyncProperty(name, fc.string({ minLength: 1, unit: 'grapheme' }), async (username, password) => {
        const known = await scramCredential(mechanism, password, salt, 4096);
        const { client, server } = pair(mechanism, username, password, known);
        const proof = await client.next(server.next(client.start()));
        assert.equal(server.username, undefined);
        assert.equal(await client.next(server.next(proof as Uint8Array)), undefined);
        assert.equal(server.username, username);
      }),
      { numRuns: 10 * scale },
    );
  });

  test(`${mechanism}: an unknown user and a wrong password look alike to the end`, async () => {
    const known = await scramCredential(mechanism, 'right', salt, 4096);
    const outcomes: string[] = [];
    for (const credential of [known, undefined]) {
      const { client, server } = pair(mechanism, 'user', 'wrong', credential);
      const reply = server.next(client.start());
      assert.match(text(reply), /^r=[^,]{64},s=[^,]{24},i=4096$/);
      const proof = (await client.next(reply)) as Uint8Array;
      try {
        server.next(proof);
        assert.fail('accepted');
      } catch (error) {
        outcomes.push(String(error));
      }
      assert.equal(server.username, undefined);
    }
    assert.equal(outcomes[0], outcomes[1]);
  });

  test(`${mechanism}: the made-up salt of an unknown user is the same each time`, () => {
    const saltOf = (username: string): string => {
      const { client, server } = pair(mechanism, username, 'p');
      return /s=[^,]+/.exec(text(server.next(client.start())))?.[0] as string;
    };
    assert.equal(saltOf('a'), saltOf('a'));
    assert.notEqual(saltOf('a'), saltOf('b'));
  });

  test(`${mechanism}: a salted password makes the same credential as the password`, async () => {
    const salted = await saltedPassword(mechanism, 'pencil', salt, 8192);
    assert.deepEqual(
      credentialOfSaltedPassword(mechanism, salted, salt, 8192),
      await scramCredential(mechanism, 'pencil', salt, 8192),
    );
  });
}

test('credentials are those that Apache Kafka makes', async () => {
  const made = async (mechanism: ScramMechanism) => {
    const { storedKey, serverKey } = await scramCredential(mechanism, 'pencil', salt, 4096);
    return [storedKey, serverKey].map((key) => Buffer.from(key).toString('base64'));
  };
  assert.deepEqual(await made('SCRAM-SHA-256'), [
    'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=',
    'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  ]);
  assert.deepEqual(await made('SCRAM-SHA-512'), [
    '6AAub3065EYRmyFpM2RNwqK+eGnrkYuEWbXn19LsEmBqzu8QaCXNc1FwpnX9NhH2hK/60dzj9DoO5DvVkOHbvg==',
    'jZHbYjC1aHh0/hKbxyBuGFjDrgjgKTT1esA7awWiKcRZ0o/0b1yWEebBeSVkkCFewf91nLDfKF24mvD5nmE6rA==',
  ]);
});

test('a client may not act for another user, bind a channel, or come with a delegation token', async () => {
  const known = await scramCredential('SCRAM-SHA-256', 'p', salt, 4096);
  for (const first of [
    'n,a=other,n=user,r=abc',
    'p=tls-unique,,n=user,r=abc',
    'n,,m=future,n=user,r=abc',
    'n,,n=user,r=abc,tokenauth=true',
  ]) {
    const { server } = pair('SCRAM-SHA-256', 'user', 'p', known);
    assert.throws(() => server.next(bytes(first)), { code: 'sasl_refused' }, first);
  }
  const { server } = pair('SCRAM-SHA-256', 'user', 'p', known);
  assert.ok(server.next(bytes('n,a=user,n=user,r=abc')));
});

test('a message out of turn, or for another exchange, is refused', async () => {
  const known = await scramCredential('SCRAM-SHA-256', 'p', salt, 4096);
  const { client, server } = pair('SCRAM-SHA-256', 'user', 'p', known);
  const proof = (await client.next(server.next(client.start()))) as Uint8Array;
  const fresh = pair('SCRAM-SHA-256', 'user', 'p', known).server;
  assert.throws(() => fresh.next(proof), { code: 'malformed_sasl' });
  assert.throws(() => fresh.next(client.start()), { code: 'malformed_sasl' });
  const withOtherNonce = text(proof).replace('r=', 'r=X');
  assert.throws(() => server.next(bytes(withOtherNonce)), { code: 'sasl_refused' });
  assert.throws(() => server.next(proof), { code: 'malformed_sasl' }, 'one try an exchange');
});

test('whatever a peer sends gives an answer or one clear error', async () => {
  const known = await scramCredential('SCRAM-SHA-256', 'p', salt, 4096);
  const pieces = [
    'n',
    'y',
    'p=x',
    'a=b',
    'n=u',
    'n==2C',
    'r=abc',
    'r=',
    's=QUJD',
    'i=4096',
    'c=biws',
    'p=AAAA',
    'v=QUJD',
  ]
    .concat(['e=no', 'm=x', '', '\0', '=', 'é', '\u2028'])
    .map((piece) => fc.constant(piece));
  const message = fc.oneof(
    fc.array(fc.oneof(...pieces), { maxLength: 8 }).map((parts) => bytes(parts.join(','))),
    fc.uint8Array({ maxLength: 200 }),
    fc.constant(bytes(`n,,n=${'u'.repeat(20_000)},r=abc`)),
  );
  await fc.assert(
    fc.asyncProperty(message, message, async (one, two) => {
      const { server } = pair('SCRAM-SHA-256', 'u', 'p', known);
      const client = rfcClient();
      for (const it of [one, two]) {
        for (const step of [async () => server.next(it), () => client.next(it)]) {
          await step().catch((error) =>
            assert.ok(isMillraceError(error) && error.code.includes('sasl'), String(error)),
          );
        }
      }
      assert.equal(server.username, undefined);
    }),
    { numRuns: 500 * scale },
  );
});
