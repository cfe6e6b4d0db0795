/** SCRAM against the cluster's credentials. */
import type { Randomness } from '@millrace/base';
import { type ScramMechanism, ScramServer } from '@millrace/wire';
import type { ScramCredentials } from '../scram-credentials.ts';
import type { SaslExchange, SaslMechanism } from './sasl-exchange.ts';

export function scramMechanismOf(
  mechanism: ScramMechanism,
  credentials: ScramCredentials,
  randomness: Randomness,
): SaslMechanism {
  return (): SaslExchange => {
    const server = new ScramServer({
      mechanism,
      randomness,
      secret: credentials.secret,
      credentialOf: (username) => credentials.of(username, mechanism),
    });
    return {
      async next(token) {
        const reply = server.next(token);
        return { reply, user: server.username === undefined ? undefined : { name: server.username } };
      },
    };
  };
}
