/** Messages of SASL, of which brokers read some before they know who sends them, and clients the answers. */
import {
  decodeOauthBearer,
  decodeOauthBearerFailure,
  decodePlain,
  encodeOauthBearer,
  encodeOauthBearerFailure,
  encodePlain,
  ScramServer,
} from '@millrace/wire';
import { attempt, type FuzzTarget } from '../fuzz-target.ts';

const credential = {
  salt: Buffer.alloc(16, 1),
  iterations: 4096,
  storedKey: Buffer.alloc(32, 2),
  serverKey: Buffer.alloc(32, 3),
};
const nonce = Buffer.alloc(24, 4);

/** An input is read by each mechanism as the first message, and by SCRAM as the last one too. */
export const sasl: FuzzTarget = {
  name: 'sasl',
  inputs: 20_000,
  seeds: () => [
    encodePlain({ username: 'user', password: 'pencil' }),
    encodeOauthBearer({ token: 'abc.def-_~+/==', authorizationId: 'a,b=c', extensions: { pool: 'p1', other: '' } }),
    encodeOauthBearerFailure({ status: 'invalid_token', scope: 's', configurationUrl: 'https://example.org' }),
    Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'),
    Buffer.from('y,a=us=2Cer,n=us=2Cer,r=abc,tokenauth=true'),
    Buffer.from(`c=biws,r=abc${nonce.toString('base64')},p=${Buffer.alloc(32).toString('base64')}`),
  ],
  run(input) {
    const readings = [
      () => decodePlain(input).username.length,
      () => decodeOauthBearer(input).token.length,
      () => decodeOauthBearerFailure(input)?.status.length,
      () => server().next(input).length,
      () => {
        const begun = server();
        begun.next(Buffer.from('n,,n=user,r=abc'));
        return begun.next(input).length;
      },
    ];
    return readings.map(attempt).join(' ').slice(0, 300);
  },
};

function server(): ScramServer {
  return new ScramServer({
    mechanism: 'SCRAM-SHA-256',
    randomness: { bytes: () => nonce },
    credentialOf: (name) => (name === 'user' ? credential : undefined),
    secret: Buffer.from('secret'),
  });
}
