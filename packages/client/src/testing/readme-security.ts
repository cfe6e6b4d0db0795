/** The README's example of security and administration, so that it compiles. Everything below this comment is in it. */
import { readFile } from 'node:fs/promises';
import { createClient, isMillraceError, unwrap } from '../index.ts';

export async function grantAndRead(
  fetchToken: (signal: AbortSignal) => Promise<{ value: string; expiresAtMs: number }>,
) {
  await using operator = createClient({
    bootstrap: 'kafka.example.org:9093',
    security: {
      tls: { ca: await readFile('authority.pem', 'utf8') },
      sasl: {
        mechanism: 'SCRAM-SHA-512',
        username: 'operator',
        password: async () => (await readFile('secret', 'utf8')).trimEnd(),
      },
    },
  });
  const admin = operator.admin();
  unwrap(await admin.alterScramCredentials([{ user: 'billing', mechanism: 'SCRAM-SHA-512', password: 'secret' }]));
  const reads = {
    principal: 'User:billing',
    operation: 'read',
    patternType: 'literal',
    host: '*',
    permission: 'allow',
  } as const;
  unwrap(
    await admin.createAcls([
      { ...reads, resourceType: 'topic', resourceName: 'orders' },
      { ...reads, resourceType: 'group', resourceName: 'billing' },
    ]),
  );
  unwrap(await admin.alterClientQuotas([{ entity: { user: 'billing' }, set: { consumer_byte_rate: 10_000_000 } }]));

  await using billing = createClient({
    bootstrap: 'kafka.example.org:9093',
    security: { tls: true, sasl: { mechanism: 'OAUTHBEARER', token: fetchToken } },
  });
  try {
    for await (const batch of billing.consumer({ topics: ['orders'], group: 'billing' })) console.log(batch.topic);
  } catch (error) {
    // Another try does not help: a person has to look.
    if (isMillraceError(error, 'authentication_failed')) console.error(error.message);
    else if (isMillraceError(error, 'authorization_failed')) console.error(error.message);
    else throw error;
  }
}
