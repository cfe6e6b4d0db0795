/** SaslHandshake, versions 0 and 1. After version 0 bare tokens follow, after 1 those of SaslAuthenticate. */
import { errorCodes, saslHandshake as saslHandshakeApi } from '@millrace/wire';
import type { Handler } from '../handler.ts';

export const saslHandshake: Handler<typeof saslHandshakeApi> = {
  api: saslHandshakeApi,

  handle({ mechanism }, { connection, apiVersion }) {
    const { authentication } = connection;
    if (authentication === undefined) return { errorCode: errorCodes.ILLEGAL_SASL_STATE, mechanisms: [] };
    return authentication.handshake(mechanism, apiVersion);
  },
};
