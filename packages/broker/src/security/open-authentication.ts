/** The authentication of connections that need none beyond what TLS has proved. */
import { errorCodes } from '@millrace/wire';
import type { Authentication } from './authentication.ts';
import type { Principal } from './principal.ts';

const message = 'SaslAuthenticate request received on a listener without SASL';

export function openAuthentication(principal: Principal): Authentication {
  return {
    principal,
    isOpen: true,
    isBusy: false,
    isOver: false,
    takesTokens: false,
    admit: () => undefined,
    handshake: async () => ({ errorCode: errorCodes.ILLEGAL_SASL_STATE, mechanisms: [] }),
    authenticate: async () => ({
      errorCode: errorCodes.ILLEGAL_SASL_STATE,
      errorMessage: message,
      authBytes: new Uint8Array(0),
      sessionLifetimeMs: 0,
    }),
    token: async () => undefined,
    isLate: () => false,
  };
}
