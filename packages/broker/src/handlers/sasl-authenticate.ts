/** SaslAuthenticate, versions 0 to 2. From 1 on the answer says how long the session lives. */
import { errorCodes, saslAuthenticate as saslAuthenticateApi } from '@millrace/wire';
import type { Handler } from '../handler.ts';

export const saslAuthenticate: Handler<typeof saslAuthenticateApi> = {
  api: saslAuthenticateApi,

  handle({ authBytes }, { connection }) {
    const { authentication } = connection;
    if (authentication !== undefined) return authentication.authenticate(authBytes);
    const errorMessage = 'there is no SASL on this connection';
    return { errorCode: errorCodes.ILLEGAL_SASL_STATE, errorMessage, authBytes: new Uint8Array(0) };
  },
};
