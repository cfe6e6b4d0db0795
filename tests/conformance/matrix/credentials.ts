/** Users and certificates of secured places. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KafkaSecurity } from '@millrace/engines';
import { SecuredKafka } from '@millrace/engines/testing/secured-kafka';
import type { PlaceCredentials } from './place.ts';

/** Passwords of the users. */
export const users = { admin: 'admin-secret', alice: 'alice-secret', bob: 'bob-secret' };

export interface IssuedCredentials {
  readonly security: KafkaSecurity;
  readonly client: PlaceCredentials;
}

/** Makes an authority and what it signs; the client's files go to `directory`. */
export async function issueCredentials(directory: string): Promise<IssuedCredentials> {
  const { alice, bob } = users;
  const secured = await SecuredKafka.create({ alice, bob }, ['User:ANONYMOUS']);
  const { security } = secured;
  const ca = security.authority;
  const { cert, key } = await secured.certificate('CN=client');
  const file = (name: string): string => join(directory, name);
  const files = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') };
  await Promise.all([writeFile(files.ca, ca), writeFile(files.cert, cert), writeFile(files.key, key)]);
  return { security, client: { ca, cert, key, files } };
}
