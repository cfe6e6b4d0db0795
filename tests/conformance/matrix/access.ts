/** How users of a secured place log in, and what they are granted. */
import { type AclResourceType, type SaslOptions, unwrap } from '@millrace/client';
import { tokenOf } from '@millrace/client/testing/unsigned-token';
import { describeAcls } from '@millrace/wire';
import { users } from './credentials.ts';
import type { Access, Listener, Place } from './place.ts';
import { RawConnection } from './raw-connection.ts';
import type { Scope } from './scope.ts';

export const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;
export type Mechanism = (typeof mechanisms)[number];
export type User = keyof typeof users;

/** A login; over TLS where the listener has it. */
export function access(
  place: Place,
  listener: Listener,
  mechanism: Mechanism,
  username: User,
  password: string = users[username],
): Access {
  const sasl: SaslOptions =
    mechanism === 'OAUTHBEARER'
      ? { mechanism, token: async () => ({ value: tokenOf(username, 3600) }) }
      : { mechanism, username, password };
  return { listener, sasl, ...(listener.endsWith('SSL') && { tls: { ca: credentialsOf(place).ca } }) };
}

/** With the certificate of `CN=client`. */
export function certified(place: Place): Access {
  const { ca, cert, key } = credentialsOf(place);
  return { listener: 'SSL', tls: { ca, cert, key } };
}

/** With a token whose time was over an hour ago. */
export function expiredToken(listener: Listener): Access {
  return { listener, sasl: { mechanism: 'OAUTHBEARER', token: async () => ({ value: tokenOf('admin', -3600) }) } };
}

/** What a principal may do, and to what. */
export interface Grant {
  readonly resourceType: AclResourceType;
  readonly resourceName: string;
  readonly operation: 'read' | 'write' | 'describe';
}

/** Allows it for as long as the scope lasts. Resolves when all brokers know. */
export async function grant(place: Place, scope: Scope, principal: string, grants: readonly Grant[]): Promise<void> {
  const entries = grants.map((each) => ({
    ...each,
    patternType: 'literal' as const,
    principal,
    host: '*',
    permission: 'allow' as const,
  }));
  unwrap(await scope.admin.createAcls(entries));
  scope.defer(async () => unwrap(await scope.admin.deleteAcls(entries)));
  for (const address of place.bootstrap().split(',')) await known(address, principal, grants);
}

const any = 1;
const literal = 3;

/** Waits until a broker knows of the grants. */
async function known(address: string, principal: string, grants: readonly Grant[]): Promise<void> {
  using connection = await RawConnection.connect(address);
  const filter = {
    resourceTypeFilter: any,
    resourceNameFilter: null,
    patternTypeFilter: literal,
    principalFilter: principal,
    hostFilter: null,
    operation: any,
    permissionType: any,
  };
  await connection.requestUntil(
    describeAcls,
    3,
    () => filter,
    ({ resources }) =>
      grants.every(({ resourceName, operation }) =>
        resources.some(
          (resource) =>
            resource.resourceName === resourceName && resource.acls.some((acl) => acl.operation === ids[operation]),
        ),
      ),
  );
}

/** Kafka's numbers. */
const ids: Readonly<Record<Grant['operation'], number>> = { read: 3, write: 4, describe: 8 };

function credentialsOf({ credentials }: Place) {
  if (credentials === undefined) throw new Error('the place is not secured');
  return credentials;
}
