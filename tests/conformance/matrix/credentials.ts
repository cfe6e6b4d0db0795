/** Users and certificates of secured places. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateAuthority } from '@millrace/base/testing/certificates';
import type { PlaceCredentials } from './place.ts';

/** Passwords of the users. */
export const users = { admin: 'admin-secret', alice: 'alice-secret', bob: 'bob-secret' };

export interface IssuedCredentials {
  /** PEM; of `CN=broker`. */
  readonly broker: { readonly cert: string; readonly key: string };
  readonly client: PlaceCredentials;
}

/** Makes an authority and what it signs; the client's files go to `directory`. */
export async function issueCredentials(directory: string): Promise<IssuedCredentials> {
  const authority = await CertificateAuthority.create();
  const broker = await authority.issue({ name: 'CN=broker', hosts: ['127.0.0.1', 'localhost'] });
  const { cert, key } = await authority.issue({ name: 'CN=client' });
  const file = (name: string): string => join(directory, name);
  const files = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') };
  await Promise.all([writeFile(files.ca, authority.ca), writeFile(files.cert, cert), writeFile(files.key, key)]);
  return { broker, client: { ca: authority.ca, cert, key, files } };
}
