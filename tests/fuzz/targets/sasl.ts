/** Messages of SASL, of which brokers read some before they know who sends them, and clients the answers. */
import {
  decodeOauthBearer,
  decodeOauthBearerFailure,
  decodePlain,
  encodeOauthBearer,
  encodeOauthBearerFailure,
  encodePlain,
  ScramClient,
  ScramServer,
} from '@millrace/wire';
import { attempt, attemptLater, type FuzzTarget } from '../fuzz-target.ts';

const credential = {
  salt: Buffer.alloc(16, 1),
  iterations: 4096,
  storedKey: Buffer.alloc(32, 2),
  serverKey: Buffer.alloc(32, 3),
};
const nonce = Buffer.alloc(24, 4);

/** How a server's last message begins: with its signature or an error. */
const [letterV, letterE] = Buffer.from('ve');
const serverFirst = `r=${nonce.toString('base64')}more,s=${Buffer.alloc(16, 1).toString('base64')},i=4096`;

/**
 * An input is read by each mechanism as the first message, and by SCRAM as the last one too; and by clients of SCRAM as
 * the server's answers.
 */
export const sasl: FuzzTarget = {
  name: 'sasl',
  inputs: 4000,
  seeds: () => [
    encodePlain({ username: 'user', password: 'pencil' }),
    encodeOauthBearer({ token: 'abc.def-_~+/==', authorizationId: 'a,b=c', extensions: { pool: 'p1', other: '' } }),
    encodeOauthBearerFailure({ status: 'invalid_token', scope: 's', configurationUrl: 'https://example.org' }),
    Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'),
    Buffer.from('y,a=us=2Cer,n=us=2Cer,r=abc,tokenauth=true'),
    Buffer.from(serverFirst),
    Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`),
    Buffer.from('e=invalid-proof'),
    Buffer.from(`c=biws,r=abc${nonce.toString('base64')},p=${Buffer.alloc(32).toString('base64')}`),
  ],
  async run(input) {
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
    const first = scramClient();
    const last = scramClient();
    // Costs a few milliseconds, so only what could be a last message comes as one.
    const isLast = input[0] === letterV || input[0] === letterE;
    if (isLast) await last.next(Buffer.from(serverFirst));
    const answers = [attemptLater(() => first.next(input)), attemptLater(async () => isLast && last.next(input))];
    return [...readings.map(attempt), ...(await Promise.all(answers)).map((answer) => answer.slice(0, 60))]
      .join(' ')
      .slice(0, 300);
  },
};

function scramClient(): ScramClient {
  return new ScramClient({
    mechanism: 'SCRAM-SHA-256',
    username: 'user',
    password: 'pencil',
    randomness: { bytes: () => nonce },
  });
}

function server(): ScramServer {
  return new ScramServer({
    mechanism: 'SCRAM-SHA-256',
    randomness: { bytes: () => nonce },
    credentialOf: (name) => (name === 'user' ? credential : undefined),
    secret: Buffer.from('secret'),
  });
}
