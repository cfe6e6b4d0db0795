/** A topic that one user alone may use, who logs in with SCRAM over TLS; programs have no part in that. */
import type { TestContext } from 'node:test';
import { type AclBinding, unwrap } from '@millrace/client';
import { type SecuredFixture, startSecured } from '../client/secured-fixture.ts';
import { consumes, produces, type SidecarFixture, settingsOf, startSidecarFixture } from './sidecar-fixture.ts';

export interface Shop extends SidecarFixture {
  readonly secured: SecuredFixture;
  readonly topic: string;
  /** Makes a login, and has the service answer it, with settings besides where they are given. */
  issue(user: string, password: string, settings?: Record<string, string>): Promise<void>;
  /** Takes a login back. */
  revoke(user: string): Promise<void>;
}

const scram = { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'SCRAM-SHA-512' };
const mechanism = 'SCRAM-SHA-512';

/** `shop.a` has a login with password `first`. */
export async function startShop(t: TestContext): Promise<Shop> {
  const [secured, fixture] = [await startSecured(t), await startSidecarFixture(t)];
  const { admin } = secured;
  const topic = 'orders';
  unwrap(await admin.createTopics([{ topic, partitions: 2 }]));
  const shop: Shop = {
    ...fixture,
    secured,
    topic,
    async issue(user, password, more = {}) {
      unwrap(await admin.alterScramCredentials([{ user, mechanism, password }]));
      unwrap(await admin.createAcls(grantsOf(user)));
      for (const want of [produces(topic), consumes(topic)]) {
        const trusted = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': secured.ca };
        const settings = {
          ...scram,
          ...trusted,
          ...more,
          ...(want.role === 'consumer' ? { 'auto.offset.reset': 'earliest' } : {}),
        };
        fixture.service.tell(want, {
          answer: {
            bootstrap: secured.bootstrap('SASL_SSL'),
            settings: settingsOf(settings),
            credential: { id: `${user} ${password}`, principal: `User:${user}` },
          },
          secret: { username: user, password },
        });
      }
    },
    async revoke(user) {
      unwrap(await admin.alterScramCredentials([{ user, mechanism, delete: true }]));
      unwrap(await admin.deleteAcls([{ principal: `User:${user}` }]));
    },
  };
  await shop.issue('shop.a', 'first');
  return shop;
}

/** Everything that programs do. */
export function grantsOf(user: string): AclBinding[] {
  return (['topic', 'group', 'transactional-id'] as const).map((resourceType) => ({
    principal: `User:${user}`,
    host: '*',
    operation: 'all',
    permission: 'allow',
    resourceType,
    resourceName: '*',
    patternType: 'literal',
  }));
}
