/** Settings of Kafka's own clients for who comes, and where. */
import type { SaslOptions } from '@millrace/client';
import type { Place } from '../matrix/place.ts';
import type { Caller } from './driver.ts';

const modules = 'org.apache.kafka.common.security';

/** By name. A token is made by Kafka's client, without signature, for the subject of the one that is given. */
export async function javaSettingsOf(
  place: Place,
  { access, clientId }: Caller,
): Promise<Readonly<Record<string, string>>> {
  const { listener = 'PLAINTEXT', sasl, tls } = access ?? {};
  const { ca, cert, key } = tls ?? {};
  return {
    ...(clientId !== undefined && { 'client.id': clientId }),
    ...(listener !== 'PLAINTEXT' && { 'security.protocol': listener }),
    ...(listener.endsWith('SSL') && {
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.certificates': String(ca ?? place.credentials?.ca),
    }),
    ...(cert !== undefined && {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.certificate.chain': String(cert),
      'ssl.keystore.key': String(key),
    }),
    ...(sasl !== undefined && { 'sasl.mechanism': sasl.mechanism, 'sasl.jaas.config': `${await loginOf(sasl)};` }),
  };
}

async function loginOf(sasl: SaslOptions): Promise<string> {
  if (sasl.mechanism !== 'OAUTHBEARER') {
    const module = sasl.mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
    return `${modules}.${module} required username="${sasl.username}" password="${String(sasl.password)}"`;
  }
  const [, claims = ''] = (await sasl.token(AbortSignal.timeout(5000))).value.split('.');
  const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string };
  return `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="${sub}"`;
}
