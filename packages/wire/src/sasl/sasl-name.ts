/** Names within SCRAM's and OAUTHBEARER's messages (RFC 5802's `saslname`), where commas separate attributes. */
import { malformedSasl } from './sasl-error.ts';

/** A name with its commas and equals signs escaped. */
export function encodeSaslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

/** The name that a peer escaped. Throws `SaslError` for an empty one and for what no escaping makes. */
export function decodeSaslName(mechanism: string, text: string): string {
  if (text === '' || text.includes('\0')) throw malformedSasl(mechanism, 'a name is empty or holds the character NUL');
  if (text.replaceAll('=2C', '').replaceAll('=3D', '').includes('=')) {
    throw malformedSasl(mechanism, 'a name holds an equals sign that begins no =2C or =3D');
  }
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
