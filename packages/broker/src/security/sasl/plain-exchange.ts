/** PLAIN against a fixed list of users. An unknown name costs what a known one does. */
import { decodePlain, plainMechanism, SaslError, sameSecret } from '@millrace/wire';
import type { SaslExchange, SaslMechanism } from './sasl-exchange.ts';

/** Compared with where there is no such user. */
const noPassword = 'no password, since there is no such user';

/** `passwords` by user name. */
export function plainMechanismOf(passwords: ReadonlyMap<string, string>): SaslMechanism {
  return (): SaslExchange => ({
    async next(token) {
      const { authorizationId, username, password } = decodePlain(token);
      const known = passwords.get(username);
      const same = sameSecret(password, known ?? noPassword);
      if (!same || known === undefined) throw refused('the credentials are not valid');
      if (authorizationId !== '' && authorizationId !== username) {
        throw refused('the client may act for no other user than its own');
      }
      return { reply: new Uint8Array(0), user: { name: username } };
    },
  });
}

function refused(what: string): SaslError {
  return new SaslError('sasl_refused', plainMechanism, what);
}
