/**
 * OAUTHBEARER (RFC 7628, KIP-255) with Kafka's extensions (KIP-342): the client sends a bearer token; a server that
 * refuses it answers with a JSON object, which the client acknowledges with one byte before the server fails the
 * exchange. What a token is worth is for others to say.
 */
import { malformedSasl } from './sasl-error.ts';
import { decodeSaslName, encodeSaslName } from './sasl-name.ts';
import { saslBytes, saslText } from './sasl-text.ts';

export const oauthBearerMechanism = 'OAUTHBEARER';

/** Kafka's `sasl.server.max.receive.size`. */
const messageBytesMax = 512 * 1024;
const separator = '\x01';

/** RFC 6750's b64token. */
const tokenShape = /^[-._~+/0-9A-Za-z]+=*$/;
const extensionNameShape = /^[A-Za-z]+$/;
/** Visible characters, space, tab, carriage return, line feed. */
const extensionValueShape = /^[\x21-\x7e \t\r\n]*$/;
const authorizationShape = /^bearer +([^ ]+)$/i;

export interface OauthBearerMessage {
  /** The token alone, without `Bearer`. */
  readonly token: string;
  /** Empty for the token's own subject. */
  readonly authorizationId: string;
  readonly extensions: Readonly<Record<string, string>>;
}

/** The byte with which a client acknowledges a refusal. */
export const oauthBearerAcknowledgement: Uint8Array = Uint8Array.of(1);

/** The client's message. Throws `SaslError` for a token or extension that it has no place for. */
export function encodeOauthBearer(
  message: Pick<OauthBearerMessage, 'token'> & Partial<Omit<OauthBearerMessage, 'token'>>,
): Uint8Array {
  const { token, authorizationId = '', extensions = {} } = message;
  if (!tokenShape.test(token)) {
    throw malformedSasl(oauthBearerMechanism, 'the token is empty or holds characters that no bearer token has');
  }
  const parts = [`n,${authorizationId === '' ? '' : `a=${encodeSaslName(authorizationId)}`},`, `auth=Bearer ${token}`];
  for (const [name, value] of Object.entries(extensions)) {
    checkExtension(name, value);
    parts.push(`${name}=${value}`);
  }
  return saslBytes(oauthBearerMechanism, `${parts.join(separator)}${separator}${separator}`);
}

/** What a client's message says; the token is not verified. Throws `SaslError`. */
export function decodeOauthBearer(message: Uint8Array): OauthBearerMessage {
  const text = saslText(oauthBearerMechanism, message, messageBytesMax);
  const [header = '', ...pairs] = text.split(separator);
  const [flag, authorization, ...rest] = header.split(',');
  if ((flag !== 'n' && flag !== 'y') || authorization === undefined || rest.join() !== '' || rest.length !== 1) {
    throw malformedSasl(oauthBearerMechanism, 'the message does not begin with a GS2 header');
  }
  if (authorization !== '' && !authorization.startsWith('a=')) {
    throw malformedSasl(oauthBearerMechanism, 'the header names something that is no authorization id');
  }
  if (pairs.length < 3 || pairs.pop() !== '' || pairs.pop() !== '') {
    throw malformedSasl(oauthBearerMechanism, 'the message does not end with two bytes 1');
  }
  const values = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const [name, value] = at < 0 ? ['', ''] : [pair.slice(0, at), pair.slice(at + 1)];
    if (values.has(name)) throw malformedSasl(oauthBearerMechanism, 'a key is there twice');
    if (name !== 'auth') checkExtension(name, value);
    values.set(name, value);
  }
  const token = authorizationShape.exec(values.get('auth') ?? '')?.[1];
  if (token === undefined || !tokenShape.test(token)) {
    throw malformedSasl(oauthBearerMechanism, 'the key auth holds no bearer token');
  }
  values.delete('auth');
  return {
    token,
    authorizationId: authorization === '' ? '' : decodeSaslName(oauthBearerMechanism, authorization.slice(2)),
    extensions: Object.fromEntries(values),
  };
}

/** Why a server refuses a token (RFC 7628 section 3.2.2). */
export interface OauthBearerFailure {
  /** For example `invalid_token`, `insufficient_scope`. */
  readonly status: string;
  readonly scope?: string | undefined;
  /** Where the server's OpenID configuration lies. */
  readonly configurationUrl?: string | undefined;
}

/** The server's refusal. */
export function encodeOauthBearerFailure(failure: OauthBearerFailure): Uint8Array {
  const { status, scope, configurationUrl } = failure;
  return saslBytes(oauthBearerMechanism, JSON.stringify({ status, scope, 'openid-configuration': configurationUrl }));
}

/** What a server's answer means: undefined when it is empty, and the token accepted. Throws `SaslError`. */
export function decodeOauthBearerFailure(message: Uint8Array): OauthBearerFailure | undefined {
  if (message.length === 0) return undefined;
  const fields = parsedObject(saslText(oauthBearerMechanism, message, messageBytesMax));
  const text = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    status: text('status') ?? 'unknown',
    scope: text('scope'),
    configurationUrl: text('openid-configuration'),
  };
}

function parsedObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw malformedSasl(oauthBearerMechanism, "the server's refusal is not JSON", error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformedSasl(oauthBearerMechanism, "the server's refusal is no JSON object");
  }
  return value as Record<string, unknown>;
}

function checkExtension(name: string, value: string): void {
  if (name === 'auth' || !extensionNameShape.test(name)) {
    throw malformedSasl(oauthBearerMechanism, "an extension's name is not made of letters, or is auth");
  }
  if (!extensionValueShape.test(value)) {
    throw malformedSasl(oauthBearerMechanism, "an extension's value holds characters that it may not");
  }
}
