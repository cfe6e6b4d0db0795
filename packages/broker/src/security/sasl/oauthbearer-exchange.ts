/**
 * OAUTHBEARER against a validator of tokens. A refused token is answered with why, in the words of RFC 7628, which the
 * client acknowledges before the exchange fails.
 */
import { decodeOauthBearer, encodeOauthBearerFailure, oauthBearerMechanism, SaslError } from '@millrace/wire';
import type { ProvenUser, SaslExchange, SaslMechanism, SaslStep } from './sasl-exchange.ts';
import { TokenRefused, type TokenValidator } from './token-validator.ts';

export function oauthBearerMechanismOf(validate: TokenValidator): SaslMechanism {
  return (): SaslExchange => new OauthBearerExchange(validate);
}

class OauthBearerExchange implements SaslExchange {
  readonly #validate: TokenValidator;
  #refusal: string | undefined;

  constructor(validate: TokenValidator) {
    this.#validate = validate;
  }

  async next(message: Uint8Array): Promise<SaslStep> {
    // The acknowledgement of a refusal, or whatever came in its place.
    if (this.#refusal !== undefined) throw refused(this.#refusal);
    const { token, authorizationId } = decodeOauthBearer(message);
    let user: ProvenUser;
    try {
      user = await this.#validate(token);
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      this.#refusal = error.message;
      return { reply: encodeOauthBearerFailure({ status: 'invalid_token' }) };
    }
    if (authorizationId !== '' && authorizationId !== user.name) {
      throw refused('the client may act for no other principal than that of its token');
    }
    return { reply: new Uint8Array(0), user };
  }
}

function refused(what: string): SaslError {
  return new SaslError('sasl_refused', oauthBearerMechanism, what);
}
