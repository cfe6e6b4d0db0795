/** librdkafka's settings for who comes, and where. */
import type { Place } from '../matrix/place.ts';
import type { Caller } from './driver.ts';

/** By name. A token is librdkafka's own, without signature, for the subject of the one that is given. */
export async function settingsOf(
  place: Place,
  { access, clientId }: Caller,
): Promise<Readonly<Record<string, string>>> {
  return { ...(clientId !== undefined && { 'client.id': clientId }), ...(await securityOf(place, access)) };
}

async function securityOf(place: Place, access: Caller['access']): Promise<Record<string, string>> {
  if (access === undefined || access.listener === 'PLAINTEXT') return {};
  const { listener, sasl, tls } = access;
  const files = place.credentials?.files;
  return {
    'security.protocol': listener,
    ...(listener !== 'SASL_PLAINTEXT' && files !== undefined && { 'ssl.ca.location': files.ca }),
    ...(tls?.cert !== undefined &&
      files !== undefined && { 'ssl.certificate.location': files.cert, 'ssl.key.location': files.key }),
    ...(sasl !== undefined && (await loginOf(sasl))),
  };
}

async function loginOf(sasl: NonNullable<NonNullable<Caller['access']>['sasl']>): Promise<Record<string, string>> {
  if (sasl.mechanism !== 'OAUTHBEARER') {
    const { mechanism, username, password } = sasl;
    return { 'sasl.mechanism': mechanism, 'sasl.username': username, 'sasl.password': String(password) };
  }
  const [, claims = ''] = (await sasl.token(AbortSignal.timeout(5000))).value.split('.');
  const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string };
  return {
    'sasl.mechanism': sasl.mechanism,
    'enable.sasl.oauthbearer.unsecure.jwt': 'true',
    'sasl.oauthbearer.config': `principal=${sub} scope=kafka`,
  };
}
