export {
  decodeOauthBearer,
  decodeOauthBearerFailure,
  encodeOauthBearer,
  encodeOauthBearerFailure,
  type OauthBearerFailure,
  type OauthBearerMessage,
  oauthBearerAcknowledgement,
  oauthBearerMechanism,
} from './oauthbearer.ts';
export { decodePlain, encodePlain, type PlainCredentials, plainMechanism } from './plain.ts';
export { SaslError } from './sasl-error.ts';
export { sameSecret } from './sasl-text.ts';
export { ScramClient, type ScramClientOptions } from './scram-client.ts';
export {
  credentialOfSaltedPassword,
  isScramMechanism,
  type ScramCredential,
  type ScramMechanism,
  saltedPassword,
  scramCredential,
  scramIterationsMax,
  scramIterationsMin,
  scramMechanisms,
} from './scram-credential.ts';
export { ScramServer, type ScramServerOptions } from './scram-server.ts';
