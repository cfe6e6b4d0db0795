/**
 * The certificate, key and authorities of a TLS listener, from Kafka's `ssl.*` configuration: PEM text, or files with
 * it. Read whenever they are asked for, so that what has changed is seen.
 */
import type { Disk, ListenTls } from '@millrace/base';
import type { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import { ConfigurationError } from '../configuration/definition.ts';

const certificateShape = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g;
const keyShape = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[^-]+-----END (?:[A-Z]+ )*PRIVATE KEY-----\n?/;

/** Rejects with `ConfigurationError` or `DiskError`. */
export async function tlsIdentity(
  configuration: ClusterConfiguration,
  listener: string,
  disk: Disk,
): Promise<ListenTls> {
  const text = (name: string): string => configuration.textFor(listener, name);
  const file = async (name: string): Promise<string> => {
    const path = text(name);
    if (path === '') return '';
    const bytes = await disk.readFile(path);
    if (bytes === undefined) throw new ConfigurationError(name, `${name} of listener ${listener}: there is no ${path}`);
    return Buffer.from(bytes).toString('utf8');
  };
  const keystore = await file('ssl.keystore.location');
  const cert = text('ssl.keystore.certificate.chain') || (keystore.match(certificateShape)?.join('') ?? '');
  const key = text('ssl.keystore.key') || (keyShape.exec(keystore)?.[0] ?? '');
  if (cert === '' || key === '') {
    const option = 'ssl.keystore.location';
    const missing = cert === '' ? 'certificate' : 'key';
    const what = `listener ${listener} speaks TLS, and there is no ${missing} for it`;
    throw new ConfigurationError(option, `${what}; set ${option} to a PEM file with the certificate and its key`);
  }
  const authorities = text('ssl.truststore.certificates') || (await file('ssl.truststore.location'));
  const clientAuth = text('ssl.client.auth') as 'none' | 'requested' | 'required';
  const passphrase = text('ssl.key.password');
  return {
    cert,
    key,
    clientAuth,
    ...(passphrase !== '' && { passphrase }),
    ...(authorities !== '' && { ca: authorities }),
  };
}
