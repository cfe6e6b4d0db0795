/** Brokers, logins and settings change together under load, on an embedded cluster. */
import { test } from 'node:test';
import { createClient } from '@millrace/client';
import { SecuredKafka } from '@millrace/engines/testing/secured-kafka';
import { securedEmbedded } from '../../support/secured-embedded.ts';
import { changeTogether, topic } from './changed-together.ts';
import { ReplaceableCluster } from './replaceable-cluster.ts';

test('all brokers are replaced, logins rotated and settings changed at once: nothing fails or is lost', async (t) => {
  const secured = await SecuredKafka.create();
  const listener = 'SASL_PLAINTEXT';
  const options = { secured: securedEmbedded(secured.security), listener } as const;
  const cluster = await ReplaceableCluster.start(t, options);
  const security = await secured.client(listener, 'admin');
  await cluster.createTopic(topic, 3, { security });
  const place = {
    bootstrap: () => cluster.bootstrap,
    connect: async () => createClient({ bootstrap: () => cluster.bootstrap, security }),
    replace: () => cluster.replace(),
  };
  await changeTogether(t, place, 3);
});
