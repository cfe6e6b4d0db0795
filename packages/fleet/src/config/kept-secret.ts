/**
 * Secrets of applications that are enrolled: kept with their credential, sealed under the key of the control plane, so
 * that any process of the service can seal them to the key of an instance. Whoever has the database alone reads none.
 */
import type { CredentialSecret } from '@millrace/api/config';
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../database/schema.ts';
import type { SealingKey } from '../identity/secrets/sealing-key.ts';
import { removedAt } from './removed-at.ts';

/** What a secret of a credential is sealed for. */
export const keptPurpose = (credential: string): string => `the secret of credential ${credential}`;

/** The secret as it is kept; undefined for an application that is not enrolled, of which nothing is. */
export async function keepSecret(
  db: Kysely<Schema> | Transaction<Schema>,
  sealingKey: () => Promise<SealingKey>,
  application: string,
  credential: string,
  secret: CredentialSecret,
): Promise<string | undefined> {
  const enrolled = await db
    .selectFrom('config_enrolment')
    .select('id')
    .where('application', '=', application)
    .where('ended_at', 'is', null)
    .where(removedAt, 'is', null)
    .limit(1)
    .executeTakeFirst();
  if (enrolled === undefined) return undefined;
  return (await sealingKey()).seal(JSON.stringify(secret), keptPurpose(credential));
}
